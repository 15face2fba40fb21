import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

const ENGINE = '/var/run/docker.sock';

/**
 * The real engine behind a socket of our own that changes what is asked for at a create: so a worker's own desktops are
 * broken on purpose, and everything else is as it always is.
 */
export async function bendEngine(path: string, bend: (options: Bent) => void): Promise<Server> {
  const server = createServer({ maxHeaderSize: 2 ** 20 }, async (asked, answer) => {
    const isCreate = asked.method === 'POST' && /\/containers\/create/.test(asked.url ?? '');
    const headers = { ...asked.headers };
    let body: string | undefined;
    if (isCreate) {
      const options = JSON.parse(await text(asked)) as Bent;
      bend(options);
      body = JSON.stringify(options);
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    const { method, url } = asked;
    const on = request({ socketPath: ENGINE, ...(method ? { method } : {}), ...(url ? { path: url } : {}), headers });
    on.on('response', (said) => {
      answer.writeHead(said.statusCode ?? 500, said.headers);
      said.pipe(answer);
      answer.on('close', () => said.destroy());
    });
    on.on('error', () => answer.destroy());
    if (body === undefined) asked.pipe(on);
    else on.end(body);
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

export interface Bent {
  Env: string[];
  HostConfig: { CapAdd: string[] };
}
