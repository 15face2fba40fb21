import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GuacdAddress, openGuacd } from '../../src/tunnel/guacd.ts';
import { imageReference } from '../rig/images.ts';

const docker = new Docker();
const OPENED = 240;
/** The machine's two cores do the forks; who waits in guacd's short queue tries again after one second, and after three. */
const PATIENCE_MS = 15_000;
/** Nothing listens there, so a login ends by itself. */
const DESKTOP = { hostname: '127.0.0.1', port: '9', username: 'student', password: 'none' };
const SCREEN = { width: 800, height: 600, dpi: 96 };
let guacd: Docker.Container;
let address: GuacdAddress;

const open = async (select: string): Promise<void> => {
  const { socket } = await openGuacd(address, select, DESKTOP, SCREEN, AbortSignal.timeout(PATIENCE_MS));
  socket.destroy();
};
const processes = async (): Promise<number> => (await guacd.top()).Processes.length;

beforeAll(async () => {
  guacd = await docker.createContainer({
    Image: imageReference('GUACD_IMAGE'),
    Cmd: ['guacd', '-b', '0.0.0.0', '-L', 'info', '-f'],
    Labels: { 'vdi.test': 'guacd-processes' },
    HostConfig: { Init: true },
  });
  await guacd.start();
  const { Networks } = (await guacd.inspect()).NetworkSettings;
  address = { host: Object.values(Networks)[0]?.IPAddress ?? '', port: 4822 };
});
afterAll(() => guacd?.remove({ force: true }));

test('logins that begin while guacd logs come to an end: none of its processes stands still for ever', async () => {
  await expect.poll(() => open('rdp').then(() => 'opened'), { timeout: 20_000 }).toBe('opened');
  await expect.poll(processes, { timeout: 20_000 }).toBe(2);
  let isOver = false;
  // Each leaves two lines in guacd's log.
  const asking = Array.from({ length: 4 }, async () => {
    while (!isOver) await open('$nobody').catch(() => undefined);
  });
  const logins = Array.from({ length: 4 }, async () => {
    for (let nth = 0; nth < OPENED / 4; nth++) await open('rdp').catch(() => undefined);
  });
  await Promise.all(logins);
  isOver = true;
  await Promise.all(asking);
  await expect.poll(processes, { timeout: 40_000, interval: 500 }).toBe(2);
}, 120_000);
