import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../../../src/testing/test-server.ts'
import { type Query, readAlerts, readChoices, readPanels } from './observability.ts'
import { labelsOf, metricsIn, type Series, seriesOf, unknownParts } from './promql.ts'
import { live, scrape } from './test-metrics.ts'

let app: TestServer
let exported: Series
before(async () => {
  app = await startTestServer()
  await live(app)
  exported = seriesOf(await scrape(app))
})
after(() => app.close())

for (const { title, queries } of readPanels())
  test(`the panel "${title}" uses metrics that a replica exports`, () => {
    assert.ok(queries.length > 0)
    for (const query of queries) assert.deepEqual([...unknownParts(query.expr, exported), ...legendErrors(query)], [])
  })

test("the dashboard's variables use metrics that a replica exports", () => {
  assert.ok(readChoices().length > 0)
  for (const choice of readChoices()) {
    const [, expr = '', label = ''] = choice.match(/^label_values\((.+), (\w+)\)$/) ?? []
    assert.deepEqual(unknownParts(expr, exported), [], choice)
    assert.ok(resultLabels(expr).includes(label), choice)
  }
})

for (const { alert, expr, annotations } of readAlerts())
  test(`the alert ${alert} uses metrics that a replica exports, and only labels that it has`, () => {
    assert.deepEqual(unknownParts(expr, exported), [])
    const named = [
      ...Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g),
    ].map(([, name = '']) => name)
    assert.deepEqual(
      named.filter((name) => !resultLabels(expr).includes(name)),
      [],
    )
  })

test('a misspelt metric is found', () => {
  for (const [expr, fault] of MISSPELT) assert.deepEqual(unknownParts(expr, exported), [fault], expr)
})

const MISSPELT: readonly (readonly [string, string])[] = [
  ['sum(replica_redy{job="roundhouse"})', 'replica_redy is not exported'],
  ['replica_ready{job="roundhouse",name="app-1"}', 'replica_ready has no label name'],
  ['pool_connections{job="roundhouse",state="queued"}', 'pool_connections is never state="queued"'],
  ['pool_connections{state="waiting"}', 'pool_connections without job="roundhouse"'],
  ['sum by (path) (rate(replica_ready{job="roundhouse"}[1m]))', 'grouped by path, which no metric has'],
  ['sum(replica_ready)', 'replica_ready is no word of PromQL that is known here'],
]

function legendErrors({ expr, legend }: Query): readonly string[] {
  const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name)
  return named.filter((name) => !resultLabels(expr).includes(name)).map((name) => `a legend by ${name}, which is lost`)
}

/** The labels of a result: its grouping, else those of its metrics. */
function resultLabels(expr: string): readonly string[] {
  const [, grouped] = expr.match(/\bby \(([^)]*)\)/) ?? []
  return grouped?.split(', ') ?? metricsIn(expr).flatMap((metric) => labelsOf(metric, exported))
}
