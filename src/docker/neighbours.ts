import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

/** A service that desktops must not reach. */
export interface Service {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Where the worker's own services are now, as NAME=ADDRESS:PORT, for the desktops' probe to try. What cannot be found is
 * left out: the probe has other addresses to try.
 */
export async function serviceTargets(services: readonly Service[], ownPort: number): Promise<string[]> {
  const found = await Promise.all(
    services.map(async ({ name, host, port }) => {
      const address = await lookup(host, 4).catch(() => undefined);
      return address ? [`${name}=${address.address}:${port}`] : [];
    }),
  );
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === 'IPv4' && !address.internal);
  return [...found.flat(), ...(own ? [`worker_backend=${own.address}:${ownPort}`] : [])];
}
