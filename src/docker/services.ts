import { lookup } from 'node:dns/promises';
import type Docker from 'dockerode';
import { bounded } from './connect.ts';

/** The services' network has this in its name (contract). */
const SERVICES_NETWORK = 'vdi_net';
/** One that hangs does not heed a request to end. Seconds. */
const LAST_WORDS_SEC = 1;
const PATIENCE = { answerMs: 20_000, idleMs: 5_000 };

/**
 * Starts the service's container anew that has this host's address on the services' network.
 * @param host name or address by which the worker reaches the service
 * @throws when no such container is there: it may run on another host, or behind something else
 */
export async function restartService(docker: Docker, host: string): Promise<void> {
  const { address } = await lookup(host, 4);
  const engine = bounded(docker, PATIENCE);
  const found = (await engine.listContainers()).find(({ NetworkSettings }) =>
    Object.entries(NetworkSettings.Networks).some(
      ([name, network]) => name.includes(SERVICES_NETWORK) && network.IPAddress === address,
    ),
  );
  if (!found) throw new Error(`no container of the services has the address ${address} of ${host}`);
  await engine.getContainer(found.Id).restart({ t: LAST_WORDS_SEC });
}
