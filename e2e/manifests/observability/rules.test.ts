import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { parseYaml } from '../yaml.ts'
import { folder, missing, read, readAlerts } from './observability.ts'

const RENEW = `{ sed '/^spec:/q' prometheus-rule.yaml; sed 's/^\\(.\\)/  \\1/' rules.yml; } > new && mv new prometheus-rule.yaml`

test('promtool accepts the rules', { skip: missing('promtool') }, () => {
  promtool('check', 'rules', 'rules.yml')
  promtool('check', 'config', 'prometheus.yml')
})

test('each alert fires when it must, and none fires without errors', { skip: missing('promtool') }, () => {
  promtool('test', 'rules', 'rules.test.yml')
})

test('each alert is tested, and has a severity, a summary and an advice', () => {
  const { tests } = parseYaml(read('rules.test.yml')) as { tests: RuleTest[] }
  const samples = tests.flatMap(({ promql_expr_test: asked }) => asked.flatMap(({ exp_samples = [] }) => exp_samples))
  for (const { alert, labels, annotations } of readAlerts()) {
    assert.ok(
      samples.some(({ labels }) => labels.includes(`alertname="${alert}"`)),
      `${alert} fires in no test`,
    )
    assert.match(labels.severity ?? '', /^(critical|warning)$/, alert)
    assert.equal(labels.service, 'roundhouse', alert)
    assert.deepEqual(Object.keys(annotations), ['summary', 'description'], alert)
    assert.ok((annotations.description ?? '').length > 60, `${alert} does not say what to do`)
  }
})

test('Kubernetes gets the same rules', () => {
  const [head, copy] = read('prometheus-rule.yaml').split(/(?<=^spec:\n)/m)
  assert.match(head ?? '', /^kind: PrometheusRule$/m)
  assert.equal(copy, read('rules.yml').replace(/^(?=.)/gm, '  '), `in observability/: ${RENEW}`)
})

interface RuleTest {
  readonly promql_expr_test: readonly { readonly exp_samples?: readonly { readonly labels: string }[] }[]
}

function promtool(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`)
}
