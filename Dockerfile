# One image for every service: the command names the services that a container runs, none means all of them.
#   docker build -t order-pipeline .
#   docker run order-pipeline users
# It builds with and without BuildKit.

FROM node:24-slim AS pnpm
WORKDIR /app
COPY package.json ./
RUN npm install -g "$(node -p "require('./package.json').packageManager")"

# The manifests alone: what is installed below is reused until one of them changes, whatever else does.
FROM pnpm AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name pnpm-lock.yaml ! -name pnpm-workspace.yaml -delete \
    && find . -type d -empty -delete

FROM pnpm AS prisma-clients
COPY --from=manifests /app ./
RUN pnpm install --frozen-lockfile --ignore-scripts --filter order-pipeline
COPY prisma prisma
COPY scripts scripts
RUN PATH="/app/node_modules/.bin:$PATH" node scripts/generate-prisma-clients.mjs

# What runs and nothing else: --filter alone would follow the packages that only tests need. Without the embedded PostgreSQL,
# which is optional: a container is given the URL of its database.
FROM pnpm AS dependencies
COPY --from=manifests /app ./
RUN pnpm install --frozen-lockfile --prod --no-optional --ignore-scripts \
    --filter-prod @order-pipeline/launcher... --filter-prod @order-pipeline/cli...

FROM node:24-slim
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=prisma-clients /app/services services
COPY prisma prisma
COPY packages packages
COPY services services
COPY docker/service-ready.sh docker/service-ready.sh
# No service needs a larger heap; and kafkajs may set a timer in the past, which does no harm.
ENV NODE_OPTIONS="--max-old-space-size=384 --disable-warning=TimeoutNegativeWarning"
# In a container every interface is one of its own network; what of it is published is decided outside.
ENV HOST=0.0.0.0
# In numbers, so that Kubernetes can see that it is not root. Nothing is written: the root file system may be read-only.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
# Node itself is the first process: signals reach it, and Node 24 runs TypeScript as it is.
ENTRYPOINT ["node", "packages/launcher/src/main.ts"]
