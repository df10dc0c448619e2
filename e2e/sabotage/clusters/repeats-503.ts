import { changeFile } from './nginx-files.ts'

// In an outage every replica answers 503, so nginx leaves all of them alone and answers itself.
await changeFile('proxy.conf', /^proxy_next_upstream (.*);/m, 'proxy_next_upstream $1 http_503 non_idempotent;')
