/** By metric, its labels, and their values. */
export type Series = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

/** Labels that Prometheus adds, with `namespace` and `pod` in Kubernetes. */
const ADDED = ['job', 'instance', 'namespace', 'pod']

/** Metrics of other exporters, with their labels. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ['alertname', 'alertstate', 'severity', 'service'],
  kube_deployment_spec_replicas: ['deployment'],
  kube_deployment_status_replicas_ready: ['deployment'],
}

const WORDS = new Set(
  `absent and changes group histogram_quantile increase last_over_time max max_over_time on or rate sum time topk unless vector`.split(
    ' ',
  ),
)

const SELECTOR = /([a-zA-Z_:][\w:]*)\{([^}]*)\}/g
const MATCHER = /(\w+)(=~|!~|!=|=)"([^"]*)"/g
const GROUPING = /\b(?:by|on)\s*\(([^)]*)\)/g
const RANGE = /\[[^\]]*\]/g

/** Unknown metrics, labels and values of an expression; also a metric without the job. */
export function unknownParts(expr: string, exported: Series): readonly string[] {
  const selectors = [...expr.matchAll(SELECTOR)].map(([, metric = '', matchers = '']) => ({ metric, matchers }))
  const labels = new Set([...ADDED, ...selectors.flatMap(({ metric }) => labelsOf(metric, exported))])
  const grouped = [...expr.matchAll(GROUPING)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
  return [
    ...selectors.flatMap(({ metric, matchers }) => selectorErrors(metric, matchers, exported)),
    ...grouped
      .filter((name) => name !== '' && !labels.has(name))
      .map((name) => `grouped by ${name}, which no metric has`),
    ...wordsOf(expr)
      .filter((word) => !WORDS.has(word))
      .map((word) => `${word} is no word of PromQL that is known here`),
  ]
}

export function labelsOf(metric: string, exported: Series): readonly string[] {
  return [...ADDED, ...(ELSEWHERE[metric] ?? exported.get(metric)?.keys() ?? [])]
}

export function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(SELECTOR)].map(([, metric = '']) => metric)
}

function selectorErrors(metric: string, matchers: string, exported: Series): string[] {
  const known = exported.get(metric)
  if (known === undefined && ELSEWHERE[metric] === undefined) return [`${metric} is not exported`]
  if (known !== undefined && !matchers.includes('job="roundhouse"')) return [`${metric} without job="roundhouse"`]
  return [...matchers.matchAll(MATCHER)].flatMap(([, label = '', , value = '']) => {
    if (ADDED.includes(label)) return []
    if (!labelsOf(metric, exported).includes(label)) return [`${metric} has no label ${label}`]
    const strange = value.split('|').filter((one) => !mayBe(label, one) && known?.get(label)?.has(one) === false)
    return strange.map((one) => `${metric} is never ${label}="${one}"`)
  })
}

/** A healthy replica has not every status. */
function mayBe(label: string, value: string): boolean {
  return label === 'status' && /^[1-5]\d\d$/.test(value)
}

function wordsOf(expr: string): string[] {
  const rest = [SELECTOR, GROUPING, RANGE].reduce((text, pattern) => text.replaceAll(pattern, ' '), expr)
  return rest.match(/[a-zA-Z_]\w*/g) ?? []
}

/** Parses Prometheus' text format. */
export function seriesOf(text: string): Series {
  const series = new Map<string, Map<string, Set<string>>>()
  for (const [, metric = '', labels = ''] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)) {
    const seen = series.get(metric) ?? new Map<string, Set<string>>()
    series.set(metric, seen)
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g))
      seen.set(label, (seen.get(label) ?? new Set()).add(value))
  }
  return series
}
