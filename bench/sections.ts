import { memorySection } from './memory.ts'
import type { Bench, SectionName } from './options.ts'
import { latencySection, pagesSection } from './page-section.ts'
import type { Section } from './section.ts'
import { signInSection } from './sign-in.ts'
import { touchesSection, writesSection } from './store-sections.ts'
import { rowsSection } from './table-size.ts'

export const sections: Readonly<Record<SectionName, (bench: Bench) => Promise<Section>>> = {
  pages: pagesSection,
  latency: latencySection,
  writes: writesSection,
  touches: touchesSection,
  'sign-in': signInSection,
  memory: memorySection,
  rows: rowsSection,
}
