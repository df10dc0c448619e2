import { defineRailway, preserve, project, service } from 'railway/iac'

/**
 * `railway config apply` deletes what its file does not name. This file owns what it names and nothing else, so no apply can
 * reach the database. Of the service it must name everything: a variable of your own needs a line here, `NAME: preserve()`.
 */
export const partial = 'roundhouse'

/** What Railway's CLI reads for `railway config plan` and `apply`; .railway/README.md, has the commands around them. */
export default defineRailway(() => {
  const app = service('app', {
    // Where Railway builds from a repository, name it, or apply takes it away: source: github('you/roundhouse'),
    build: { builder: 'DOCKERFILE', dockerfilePath: 'Dockerfile' },
    preDeploy: 'node src/cli.ts migrate',
    // Asked once a deploy, until it is exactly 200.
    healthcheck: '/readyz',
    healthcheckTimeout: 120,
    replicas: 3,
    deploy: {
      restartPolicyType: 'ON_FAILURE',
      restartPolicyMaxRetries: 10,
      overlapSeconds: 10,
      // Unless it is set, SIGKILL comes with SIGTERM. DRAIN_DELAY and DRAIN_TIMEOUT below, and ten seconds to spare.
      drainingSeconds: 35,
    },
    env: {
      DATABASE_URL: '${{Postgres.DATABASE_URL}}',
      // Where its PgBouncer is on: MIGRATE_DATABASE_URL: '${{Postgres.DATABASE_UNPOOLED_URL}}',
      // Set by hand before the first apply. A `generator` here would store its own text, which anybody can read in this file.
      SESSION_SECRET: preserve(),
      TRUST_PROXY: '1',
      CLIENT_ADDRESS_HEADER: 'X-Real-IP',
      DRAIN_DELAY: '5s',
      DRAIN_TIMEOUT: '20s',
    },
  })
  return project('roundhouse', { resources: [app] })
})
