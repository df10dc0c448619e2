import { exchange } from '../exchange.ts'

await exchange<typeof import('../../../src/jobs/scheduler.ts')>('src/jobs/scheduler.ts', () => ({
  startScheduler: () => () => {},
}))
await import('../../../src/main.ts')
