# One image for every program: `node src/main.ts`, and `node src/cli.ts migrate | sessions … | account …`.
FROM node:26-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier

FROM node:26-trixie-slim
# Without limits Node's heap grows with the machine's memory: a replica under load passed 270 MB. With them it
# stays at 160.
ENV NODE_ENV=production NODE_OPTIONS="--max-semi-space-size=8 --max-old-space-size=192" NPM_CONFIG_UPDATE_NOTIFIER=false
WORKDIR /app
# Compose mounts a volume here, which takes over this owner. The group is for Postgres, which reads its
# password.
RUN install -d -o 1000 -g 1000 -m 750 /secrets && install -d -o 1000 -g 1000 .compiled
COPY --from=dependencies /app/node_modules ./node_modules
COPY --chmod=755 package.json ./
COPY --chmod=755 src ./src
# By number: Kubernetes cannot tell whether a name is root, so `runAsNonRoot` would refuse it.
USER 1000:1000
# The compile cache makes modules load in two thirds of the time. Node keys it by user and flags, so it comes
# after both.
ENV NODE_COMPILE_CACHE=/app/.compiled
RUN ["node", "-e", "Promise.all(['server', 'config/config'].map((name) => import(`./src/${name}.ts`))).then(() => process.exit())"]
EXPOSE 3000 9090
# The base image's entrypoint would pass unknown commands to a shell.
ENTRYPOINT []
CMD ["node", "src/main.ts"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({ host: 'localhost', port: process.env.PORT || 3000, path: '/readyz' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Last, so that a new version of the same source rebuilds nothing.
ARG VERSION COMMIT
ENV VERSION=$VERSION COMMIT=$COMMIT
LABEL org.opencontainers.image.title="Roundhouse" \
  org.opencontainers.image.description="Accounts and sessions for an Express application that runs as many identical replicas" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version=$VERSION \
  org.opencontainers.image.revision=$COMMIT \
  org.opencontainers.image.base.name="docker.io/library/node:26-trixie-slim"
