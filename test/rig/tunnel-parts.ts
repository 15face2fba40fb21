import type { openTunnel } from '../../src/worker-tunnel.ts';

type Parts = Parameters<typeof openTunnel>[0];

/** What a tunnel's door needs beside its settings, for one desktop: nothing outlives it, nobody looks on, guacd is on this port. */
export function tunnelParts(
  guacdPort: number,
): Pick<Parts, 'maxDesktops' | 'store' | 'tokens' | 'onlookers' | 'joining'> {
  const nothing = (): undefined => undefined;
  // Held for as long as the desktop is there, whoever joins meanwhile.
  const over = new AbortController().signal;
  return {
    maxDesktops: 1,
    store: { load: async () => undefined, save: async () => undefined, remove: async () => undefined },
    tokens: { bind: async (_digest, containerId) => containerId },
    onlookers: { watch: async () => undefined, record: nothing, endSession: nothing, close: nothing },
    joining: {
      connection: async () => ({
        id: '$1',
        guacd: { host: '127.0.0.1', port: guacdPort },
        over,
      }),
      loseConnection: nothing,
    },
  };
}
