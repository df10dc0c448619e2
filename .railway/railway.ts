import { defineRailway, preserve, project, service } from 'railway/iac'

/**
 * `railway config apply` deletes what its file does not name. With `partial`, this file owns only
 * what it names, so that no apply can delete the database. It must name every setting of the
 * service: each variable of your own needs a line `NAME: preserve()` below.
 */
export const partial = 'roundhouse'

/** Input of `railway config plan` and `apply`; .railway/README.md has the commands. */
export default defineRailway(() => {
  const app = service('app', {
    // If Railway builds from a repository, name it, or apply removes it:
    // source: github('you/roundhouse'),
    build: { builder: 'DOCKERFILE', dockerfilePath: 'Dockerfile' },
    preDeploy: 'node src/cli.ts migrate',
    // Railway polls it during a deploy only, until the status is exactly 200.
    healthcheck: '/readyz',
    healthcheckTimeout: 120,
    replicas: 3,
    deploy: {
      restartPolicyType: 'ON_FAILURE',
      restartPolicyMaxRetries: 10,
      overlapSeconds: 10,
      // DRAIN_DELAY and DRAIN_TIMEOUT below plus 10 s. The default is 0: SIGKILL right at SIGTERM.
      drainingSeconds: 35,
    },
    env: {
      DATABASE_URL: '${{Postgres.DATABASE_URL}}',
      // If Railway's PgBouncer is on:
      // MIGRATE_DATABASE_URL: '${{Postgres.DATABASE_UNPOOLED_URL}}',
      // Set it by hand before the first apply. A `generator` would store its own text, which is
      // public in this file, as the secret.
      SESSION_SECRET: preserve(),
      TRUST_PROXY: '1',
      CLIENT_ADDRESS_HEADER: 'X-Real-IP',
      DRAIN_DELAY: '5s',
      DRAIN_TIMEOUT: '20s',
    },
  })
  return project('roundhouse', { resources: [app] })
})
