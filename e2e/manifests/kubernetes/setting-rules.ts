import type { IContainer } from 'kubernetes-models/v1/Container'
import { type Config, ConfigErrors, loadConfig } from '../../../src/config/config.ts'
import { VARIABLES } from '../../../src/config/variables.ts'
import { environment } from './environment.ts'
import { all, containers, type Objects, one, pods } from './objects.ts'
import type { Rule } from './rule.ts'

/** Keys of the Secret that is made by hand (k8s/README.md). */
const BY_HAND = { SESSION_SECRET: '0e2f0c4b6f2f4a0f9d1c7b3a5e8d6c41' }
/** The same without a database component. */
const MANAGED = { DATABASE_URL: 'postgres://roundhouse:secret@db.example.com/roundhouse' }

/** Throws where a replica would not start. */
export function settings(objects: Objects): Config {
  const given = environment(objects, replicaOf(objects))
  const database = given.PGHOST === undefined ? MANAGED : {}
  return loadConfig({ NODE_ENV: 'production', ...BY_HAND, ...database, ...given })
}

/** Environments hold only known and valid settings. */
export const settingRules = {
  'a replica knows all its variables': (objects) =>
    containers(podOf(objects)).flatMap((container) =>
      Object.keys(environment(objects, container))
        .filter((name) => !VARIABLES.some((known) => known === name))
        .map((name) => `${container.name}: src/config/config.ts knows no ${name}`),
    ),

  'a replica starts with its settings': (objects) => {
    try {
      const { trustProxy, production } = settings(objects)
      return production && trustProxy !== 1 ? ['TRUST_PROXY is not 1, and nginx is the one proxy in front'] : []
    } catch (fault) {
      if (fault instanceof ConfigErrors) return [fault.message]
      throw fault
    }
  },

  'the migration has the settings of a replica': (objects) => {
    const [migrate] = podOf(objects).spec.initContainers ?? []
    if (migrate === undefined) return ['there is no migration']
    const known = environment(objects, migrate)
    return Object.entries(environment(objects, replicaOf(objects)))
      .filter(([name, value]) => known[name] !== value)
      .map(([name]) => `migrate: ${name} is not what it is for the application`)
  },

  'nginx knows all its variables': (objects) => {
    const script = one(objects, 'ConfigMap', 'nginx').data?.['start.sh'] ?? ''
    const given = one(objects, 'Deployment', 'nginx').spec?.template.spec?.containers[0]?.env ?? []
    const helping = (name: string) => given.some(({ value }) => value?.includes(`$(${name})`))
    return given
      .map(({ name }) => name)
      .filter((name) => !script.includes(`\${${name}:-`) && !helping(name))
      .map((name) => `nginx/start.sh knows no ${name}`)
  },

  'every image has a tag': (objects) => {
    const images = [
      ...pods(objects).flatMap((pod) => containers(pod).map(({ image }) => image)),
      ...all(objects, 'Cluster').map(({ spec }) => spec?.imageName),
    ]
    return images.filter((image = '') => !/:[\w.-]+$/.test(image) || image.endsWith(':latest')).map(String)
  },
} satisfies Readonly<Record<string, Rule>>

function podOf(objects: Objects) {
  const pod = pods(objects).find(({ owner }) => owner === 'Deployment app')
  if (pod === undefined) throw new Error('there is no Deployment app')
  return pod
}

function replicaOf(objects: Objects): IContainer {
  const [replica] = podOf(objects).spec.containers
  if (replica === undefined) throw new Error('there is no replica')
  return replica
}
