# The directory on a machine of one's own: docs/self-hosted.md. TLS is the part of a proxy in front of it.
FROM node:22-slim
WORKDIR /app
RUN mkdir /data /backup && chown node:node /data /backup
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY src src
COPY tools tools
COPY migrations migrations
COPY docs docs
COPY test/vectors/samples.json test/vectors/
COPY wrangler.toml README.md SECURITY.md CONTRIBUTING.md CHANGELOG.md LICENSE ./
USER node
VOLUME /data
ENV HOST=0.0.0.0 PORT=8787 STATE_DIR=/data
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "tools/serve.ts"]
