# The pack's own processes (backend, heartbeat, and stand-alone the control-plane and the sample exam), one by command.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
WORKDIR /app
COPY package.json package-lock.json ./
# optional: the Node binary that npm scripts use on a developer's host; the image has its own
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY docs/openapi.yaml docs/
COPY exam-linux/seccomp.json exam-linux/
COPY src src
ENV NODE_ENV=production
# A named volume begins with its mount point's owner: outbox and recordings are the plain user's.
RUN install -d -o node -g node -m 0700 /var/lib/vdi-worker /var/lib/vdi-recordings
# Whoever may use the engine's socket is as good as root on the host; a plain user with the socket's group at least owns nothing else.
USER node
CMD ["node", "src/worker.ts"]
