import { exchange } from '../exchange.ts'

await exchange<typeof import('../../../src/upkeep.ts')>('src/upkeep.ts', () => ({ startUpkeep: () => () => {} }))
await import('../../../src/server.ts')
