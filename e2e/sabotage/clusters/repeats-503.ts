import { changeFile } from './nginx-files.ts'

// A replica that says 503 is asked no more: in an outage that is every one, and the answer is nginx's own.
await changeFile('proxy.conf', /^proxy_next_upstream (.*);/m, 'proxy_next_upstream $1 http_503 non_idempotent;')
