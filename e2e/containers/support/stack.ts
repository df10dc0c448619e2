import assert from 'node:assert/strict'
import { docker } from '../../../cluster/docker/docker.ts'
import { provideImage } from '../../../cluster/docker/image.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { type Container, type ContainerOptions, type DockerNetwork, TIMEOUT_MS } from './docker-network.ts'

/** A Postgres in a container, and commands of the image for it. */
export interface Stack {
  readonly image: string
  /** The environment of a replica. */
  readonly env: Readonly<Record<string, string>>
  /** Runs a replica, or another command of the image. */
  run(options?: Partial<ContainerOptions>): Promise<Container>
  /** Runs `node src/cli.ts …` to its end. */
  command(...args: readonly string[]): Promise<{ code: number; output: string }>
  /** Runs one statement as the database's owner. */
  sql(statement: string): Promise<string>
}

/** For the test only. */
const PASSWORD = 'only.for.a.test'

export async function startStack(network: DockerNetwork): Promise<Stack> {
  const image = await provideImage()
  const postgres = await startPostgres(network)
  const address = `postgres://roundhouse:${PASSWORD}@${postgres.name}/roundhouse`
  const env = { DATABASE_URL: address, SESSION_SECRET: 'b81f3c2e0d6a49755e9c'.repeat(2), COOKIE_SECURE: 'false' }
  return {
    image,
    env,
    run: (options = {}) => network.run({ image, ...options, env: { ...env, ...options.env } }),
    async command(...args) {
      const container = await network.run({ image, env, command: ['node', 'src/cli.ts', ...args] })
      return { code: await container.ended(), output: await container.logs() }
    },
    sql: (statement) => docker(['exec', postgres.name, 'psql', '-qAtU', 'roundhouse', '-c', statement]),
  }
}

async function startPostgres(network: DockerNetwork): Promise<Container> {
  const env = { POSTGRES_USER: 'roundhouse', POSTGRES_PASSWORD: PASSWORD }
  const postgres = await network.run({ image: 'postgres:18', env, dockerArguments: ['--tmpfs=/var/lib/postgresql'] })
  const asks = ['exec', postgres.name, 'pg_isready', '-q', '-h', '127.0.0.1', '-U', 'roundhouse']
  const answers = docker.bind(undefined, asks)
  await waitFor('Postgres', TIMEOUT_MS, () => answers().then(yes, no))
  return postgres
}

/** Without keep-alive: an idle connection would delay the replica's stop. */
export async function look(address: string): Promise<Response> {
  return await fetch(address, { headers: { connection: 'close' } })
}

/** The first response of `/readyz`. */
export async function readiness({ address }: Container): Promise<{ status: number; reason?: string }> {
  const asked = () => look(`http://${address}:3000/readyz`).catch(() => undefined)
  const answer = await waitFor(`an answer of ${address}`, TIMEOUT_MS, asked)
  return { ...((await answer.json()) as { reason?: string }), status: answer.status }
}

export async function expectReady(replica: Container): Promise<void> {
  const isReady = async () => (await readiness(replica)).status === 200
  await waitFor(`${replica.name} to be ready`, TIMEOUT_MS, isReady).catch(async (error) => {
    assert.fail(`${error.message}; it says:\n${await replica.logs()}`)
  })
}

const yes = () => true
const no = () => false
