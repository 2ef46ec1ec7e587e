# Freshet in a small image: Alpine, Node, the built program and its production dependencies. No npm, no compiler, not root.
#   docker build -t freshet .
#   docker run -p 8080:8080 freshet --origin http://api:5000
#   docker run -p 8080:8080 -v ./freshet.yaml:/etc/freshet/freshet.yaml:ro freshet --config /etc/freshet/freshet.yaml
# The health check asks the admin listener where it is by default, 127.0.0.1:8081: keep that port, or set FRESHET_ADMIN_PORT to yours.

FROM node:26.10.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without install scripts: the pinned Node that one of them fetches is this image's own.
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error

# What the Node image has and a running program does not need goes before the layers are made one.
FROM node:26.10.0-alpine AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share/doc /usr/local/share/man /opt/yarn-* /root/.npm /tmp/* \
  /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY package.json LICENSE /app/
COPY config /app/config

FROM scratch
COPY --from=runtime / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production FRESHET_ADMIN_PORT=8081
WORKDIR /app
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD wget -q -O /dev/null "http://127.0.0.1:${FRESHET_ADMIN_PORT}/v1/health" || exit 1
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--help"]
