import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IProbe } from 'kubernetes-models/v1/Probe'
import type { IVolumeMount } from 'kubernetes-models/v1/VolumeMount'
import { docker } from '../../../cluster/docker/docker.ts'
import { getOnce } from '../../../test-support/http-client.ts'
import { environment } from '../../manifests/kubernetes/environment.ts'
import { containers, type Objects, one, type Pod } from '../../manifests/kubernetes/objects.ts'
import type { Container, ContainerOptions } from './docker-network.ts'

/** Docker's arguments for the user, file system, environment and limits of the manifests. */
export function asContainer(objects: Objects, pod: Pod, name: string, folder: string): ContainerOptions {
  const container = containerOf(pod, name)
  const { runAsUser, runAsGroup } = pod.spec.securityContext ?? {}
  const { limits } = container.resources ?? {}
  const [entrypoint, ...rest] = container.command ?? []
  return {
    image: container.image ?? '',
    env: environment(objects, container),
    command: [...rest, ...(container.args ?? [])],
    dockerArguments: [
      ...['--user', `${runAsUser}:${runAsGroup}`],
      ...(container.securityContext?.readOnlyRootFilesystem === true ? ['--read-only'] : []),
      ...(container.securityContext?.capabilities?.drop ?? []).flatMap((name) => ['--cap-drop', name]),
      ...(container.securityContext?.allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
      ...['--memory', String(limits?.memory).toLowerCase().replace(/i$/, ''), '--cpus', String(limits?.cpu)],
      ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      ...(container.volumeMounts ?? []).flatMap((mount) => mounted(objects, pod, mount, folder)),
    ],
  }
}

/** Probes as the kubelet does. A failed probe is a result. */
export async function passes(probe: IProbe | undefined, of: IContainer, running: Container): Promise<boolean> {
  const port = (named: number | string) => of.ports?.find(({ name }) => name === named)?.containerPort ?? Number(named)
  if (probe?.httpGet !== undefined) {
    const status = await statusOf(running.address, port(probe.httpGet.port), probe.httpGet.path ?? '/')
    return status >= 200 && status < 400
  }
  if (probe?.tcpSocket !== undefined) return await listens(running.address, port(probe.tcpSocket.port))
  const command = probe?.exec?.command ?? []
  return await docker(['exec', running.name, ...command]).then(
    () => true,
    () => false,
  )
}

export function containerOf(pod: Pod, name: string): IContainer {
  const found = containers(pod).find((container) => container.name === name)
  if (found === undefined) throw new Error(`${pod.owner} has no container ${name}`)
  return found
}

/** A volume of the container. One that would outlive it is in memory here. */
function mounted(objects: Objects, pod: Pod, mount: IVolumeMount, folder: string): readonly string[] {
  const volume = pod.spec.volumes?.find(({ name }) => name === mount.name)
  const configMap = volume?.configMap?.name
  if (configMap === undefined) return ['--tmpfs', `${mount.mountPath}:${ownedBy(pod)}`]
  const path = join(folder, configMap)
  mkdirSync(path, { recursive: true })
  for (const [name, text] of Object.entries(one(objects, 'ConfigMap', configMap).data ?? {}))
    writeFileSync(join(path, name), text)
  return ['--volume', `${join(path, mount.subPath ?? '')}:${mount.mountPath}:ro`]
}

/** Docker uses the owner of the image's folder. A cluster lets the pod's user or fsGroup write. */
function ownedBy({ spec }: Pod): string {
  return `uid=${spec.securityContext?.runAsUser},gid=${spec.securityContext?.runAsGroup},mode=0775`
}

/** 0: no answer. The connection is closed, as the kubelet's: an idle one would delay the drain. */
async function statusOf(host: string, port: number, path: string): Promise<number> {
  return await getOnce(`http://${host}:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  )
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })
}
