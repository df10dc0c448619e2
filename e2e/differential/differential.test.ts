import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../src/sessions/testing/test-database.ts'
import { differences } from './compare.ts'
import { implementations } from './implementations.ts'
import { play } from './play.ts'
import { CLIENT_SITUATIONS } from './situations/clients.ts'
import { IDIOM_SITUATIONS } from './situations/idioms.ts'
import { OPTION_SITUATIONS } from './situations/options.ts'

const SITUATIONS = [...OPTION_SITUATIONS, ...IDIOM_SITUATIONS, ...CLIENT_SITUATIONS]

let database: TestDatabase
before(async () => {
  database = await createTestDatabase()
})
after(() => database.drop())

for (const kind of ['memory', 'postgres'] as const)
  describe(`express-session and ours, ${kind === 'memory' ? 'in memory' : 'in Postgres'}`, () => {
    for (const situation of SITUATIONS)
      test(`${situation.title}: ${situation.differs === undefined ? 'equal' : 'different as the README says'}`, async () => {
        const { stock, ours } = implementations(database.pool)[kind]
        const found = differences(await play(situation, stock), await play(situation, ours))
        if (situation.differs === undefined) assert.deepEqual(found, [])
        else assert.notDeepEqual(found, [], 'the difference is no more: delete it from the README')
      })
  })

test("each intended difference is a row of the package's README", () => {
  const readme = readFileSync(join(import.meta.dirname, '../../package/README.md'), 'utf8')
  const [, table = ''] = readme.split('## What is different')
  const rows = table.match(/^\| .+$/gm)?.map((row) => row.split(' | ')[0]?.slice(2)) ?? []
  const named = new Set(SITUATIONS.flatMap(({ differs }) => differs ?? []))
  assert.deepEqual(
    [...named].filter((reason) => !rows.includes(reason)),
    [],
  )
})
