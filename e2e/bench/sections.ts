import { latencySection, pagesSection } from './page-section.ts'
import type { Bench, SectionName } from './plan.ts'
import type { Section } from './section.ts'
import { touchesSection, writesSection } from './store-sections.ts'

export const sections = {
  pages: pagesSection,
  latency: latencySection,
  writes: writesSection,
  touches: touchesSection,
} as const satisfies Readonly<Partial<Record<SectionName, (bench: Bench) => Promise<Section>>>>
