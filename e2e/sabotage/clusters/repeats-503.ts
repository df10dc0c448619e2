import { changeFile } from './nginx-files.ts'

// nginx leaves a replica that answers 503 alone: in an outage that is every one, and nginx answers itself.
await changeFile('proxy.conf', /^proxy_next_upstream (.*);/m, 'proxy_next_upstream $1 http_503 non_idempotent;')
