import { changeFile } from './nginx-files.ts'

await changeFile('conf.d/site.conf', /^upstream app \{/m, 'upstream app {\n  ip_hash;')
