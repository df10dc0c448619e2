import { createServer, type Server } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'

/** In seconds, from a batched read to the deadline of 3 s. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export interface PoolStats {
  readonly inUse: number
  readonly idle: number
  readonly waiting: number
}

/** docs/metrics.md lists names and labels. */
export interface Metrics {
  requestFinished(request: { method: string; route: string; status: number; seconds: number }): void
  storeQueried(operation: string, outcome: 'ok' | 'error', seconds: number): void
  /** Starts the metrics of a job at 0, so that the first removal is an increase. */
  registerJob(job: string): void
  /**
   * maintenance_removed_total, maintenance_last_success_timestamp_seconds; `job` is Prometheus'
   * own.
   */
  jobDone(job: string, count: number): void
  watchReadiness(labels: { readonly replica: string; readonly version: string }, read: () => boolean): void
  watchPool(read: () => PoolStats): void
  /** `GET /metrics` on its own port. Resolves when it listens. */
  serve(options: { port: number; host?: string | undefined }): Promise<Server>
  text(): Promise<string>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const http = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its response',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const store = new Histogram({
    name: 'session_store_duration_seconds',
    help: 'Time that the session store took',
    labelNames: ['operation', 'outcome'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const removedTotal = new Counter({
    name: 'maintenance_removed_total',
    help: 'Expired rows that the jobs of this replica removed',
    labelNames: ['job_name'],
    registers: [registry],
  })
  const lastSuccess = new Gauge({
    name: 'maintenance_last_success_timestamp_seconds',
    help: 'Time of the last successful run of a job on this replica, in seconds since 1970; 0: none since its start',
    labelNames: ['job_name'],
    registers: [registry],
  })
  return {
    requestFinished: ({ method, route, status, seconds }) =>
      http.observe({ method, route, status: String(status) }, seconds),
    storeQueried: (operation, outcome, seconds) => store.observe({ operation, outcome }, seconds),
    registerJob(job) {
      removedTotal.inc({ job_name: job }, 0)
      lastSuccess.set({ job_name: job }, 0)
    },
    jobDone(job, count) {
      removedTotal.inc({ job_name: job }, count)
      lastSuccess.setToCurrentTime({ job_name: job })
    },
    watchReadiness: (labels, read) => watchReadiness(registry, labels, read),
    watchPool: (read) => watchPool(registry, read),
    serve: ({ port, host }) => serve(registry, port, host),
    text: () => registry.metrics(),
  }
}

function watchReadiness(
  registry: Registry,
  { replica, version }: { replica: string; version: string },
  read: () => boolean,
): void {
  new Gauge({
    name: 'replica_ready',
    help: '1 while the replica takes traffic, 0 while it starts or drains; as /readyz',
    labelNames: ['replica', 'version'],
    registers: [registry],
    collect() {
      this.set({ replica, version }, read() ? 1 : 0)
    },
  })
}

function watchPool(registry: Registry, read: () => PoolStats): void {
  new Gauge({
    name: 'pool_connections',
    help: 'Database connections by state; waiting: requests that queue for one',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { inUse, idle, waiting } = read()
      this.set({ state: 'in_use' }, inUse)
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'waiting' }, waiting)
    },
  })
}

function serve(registry: Registry, port: number, host: string | undefined): Promise<Server> {
  const server = createServer(async (req, res) => {
    if (req.url !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) return void res.writeHead(404).end()
    res.writeHead(200, { 'Content-Type': registry.contentType }).end(await registry.metrics())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host !== undefined && { host }) }, () => resolve(server))
  })
}
