import assert from 'node:assert/strict'
import { test } from 'node:test'
import { docker } from '../../cluster/docker/docker.ts'
import { register } from '../support/actors/actions.ts'
import { createVisitor } from '../support/actors/visitor.ts'
import { type Container, createDockerNetwork } from './support/docker-network.ts'
import { runLoad } from './support/load.ts'
import { expectReady, startStack } from './support/stack.ts'

/** Limit in MB after a load without sign-ins. */
const BAR = 200
/** Rounds after the first. Memory that grows with each is a leak. */
const ROUNDS = 3
const REQUESTS = 4000

test('a replica under load stays below 200 MB, and does not grow with more load', async (t) => {
  const site = await startStack(await createDockerNetwork(t))
  assert.equal((await site.command('migrate')).code, 0)
  const cookie = await cookieOf(await site.run())
  // Without a memory limit, which would size Node's heap, and on another replica: hashing a
  // password takes 19 MB, which Node releases late.
  const replica = await site.run()
  await expectReady(replica)
  const held = [await memory(replica)]
  for (let round = 0; round <= ROUNDS; round++) {
    const { rate, failures } = await runLoad({ url: urlOf(replica), cookie, requests: REQUESTS })
    held.push(await memory(replica))
    t.diagnostic(`${held.at(-1)} MB (${held[0]} at first), ${rate} requests/s, ${failures} failed`)
    assert.ok(failures < REQUESTS / 20, `${failures} of ${REQUESTS} failed`)
  }
  const [, first = 0, ...later] = held
  assert.ok(Math.max(first, ...later) <= BAR, `MB: ${held.join(', ')}`)
  assert.ok((later.at(-1) ?? 0) <= first * 1.1, `it grows, MB: ${held.join(', ')}`)
})

const urlOf = ({ address }: Container) => `http://${address}:3000`

async function cookieOf(replica: Container): Promise<string> {
  await expectReady(replica)
  const ada = createVisitor({ name: 'Ada', url: urlOf(replica) })
  await register(ada)
  ada.close()
  await docker(['rm', '--force', replica.name])
  return ada.jar.header(new URL(urlOf(replica))) ?? ''
}

/** VmRSS of the replica's process in MB. */
async function memory({ name }: Container): Promise<number> {
  const status = await docker(['exec', name, 'grep', 'VmRSS', '/proc/1/status'])
  return Math.round(Number(status.match(/\d+/)?.[0]) / 1024)
}
