# Node where no registry answers: the binary and npm as the npm registry carries them, on the Debian base.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE} AS fetched
RUN apt-get update && apt-get install -y --no-install-recommends npm ca-certificates
ARG NODE_MAJOR=24
ARG NPM_MAJOR=11
WORKDIR /fetched
RUN case "$(dpkg --print-architecture)" in \
      amd64) cpu=x64 ;; arm64) cpu=arm64 ;; \
      *) echo "no Node package for this processor: set NODE_IMAGE" >&2; exit 1 ;; \
    esac \
 && npm pack --silent "node-linux-$cpu@$NODE_MAJOR" "npm@$NPM_MAJOR" \
 && mkdir -p node npm && tar -C node --strip-components=1 -xzf node-linux-*.tgz && tar -C npm --strip-components=1 -xzf npm-*.tgz

FROM ${DEBIAN_IMAGE}
COPY --from=fetched /fetched/node/bin/node /usr/local/bin/node
COPY --from=fetched /fetched/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home --shell /bin/bash node \
 && node --version && npm --version
CMD ["node"]
