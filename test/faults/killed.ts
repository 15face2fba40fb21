import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import type { Scene } from './scene.ts';

const LOOKS = 50;

/** Kills a container and waits until the engine has seen it end. */
export async function killed(rig: Rig, containerId: string): Promise<void> {
  const container = rig.docker.getContainer(containerId);
  const gone = container.wait();
  await container.kill();
  await gone;
  // Its list follows by a moment; unless looked at in between, the dead one would pass for one that is well.
  for (let looks = 0; looks < LOOKS; looks++) {
    const [listed] = await rig.docker.listContainers({ all: true, filters: { id: [containerId] } });
    if (listed?.State !== 'running') return;
    await pause(20);
  }
}

/** Where they listen. The service's address may be another after its start. */
const PORTS = { redis: 6379, guacd: 4822 };

/** Takes Redis' volume away: what it wrote is gone, and what it would still write at its end. */
export async function emptied({ rig }: Scene): Promise<void> {
  const { output } = await rig.exec(rig.container('redis').id, ['sh', '-c', 'rm -rf /data/*; ls -A /data']);
  if (output !== '') throw new Error(`Redis still has ${output}`);
}

/** Starts a service that was killed, and leads the worker to where it is now. */
export async function startAgain({ rig, lines }: Scene, service: 'redis' | 'guacd'): Promise<void> {
  await rig.container(service).start();
  await lines[service].mend({ host: await rig.addressOf(service), port: PORTS[service] });
}

/** A desktop that waits in the pool. */
export async function warmKilled({ rig }: Scene): Promise<void> {
  const warm = (await rig.desktops()).find(({ Names }) => Names[0]?.includes('_pool_'));
  if (!warm) throw new Error('no warm desktop to kill');
  await killed(rig, warm.Id);
}
