import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';

const SEEN_MS = 40_000;
const AGAIN_MS = 200;
const PICTURE_MS = 5_000;
const PAINT_MS = 3_000;
const PAINTED = new Set(['img', 'copy', 'cfill', 'transfer']);
/** Whichever X server of his answers is the one that he works on: it paints all of its screen anew. */
const REPAINT =
  'for s in /tmp/.X11-unix/X*; do DISPLAY=:$(basename $s | tr -d X) XAUTHORITY=/home/student/.Xauthority timeout 2 xrefresh && exit; done; exit 1';

/**
 * Whether a student who joins sees his desktop and what it paints from then on, by one join or, as his page does it, by
 * another one. A picture alone may be an old one of a screen that is no more.
 */
export async function seesHisDesktop(
  rig: Rig,
  desktop: { readonly ip: string; readonly containerId: string },
  patienceMs = SEEN_MS,
): Promise<boolean> {
  const end = performance.now() + patienceMs;
  for (;;) {
    if (await joined(rig, desktop)) return true;
    if (performance.now() > end) return false;
    await pause(AGAIN_MS);
  }
}

async function joined(rig: Rig, { ip, containerId }: { ip: string; containerId: string }): Promise<boolean> {
  const client = new TunnelClient(rig.url, { token: contractToken(rig.guacTokenKey, ip) });
  const paintings = (): number => client.opcodes.filter((opcode) => PAINTED.has(opcode)).length;
  try {
    await client.see('img', PICTURE_MS);
    await client.see('sync', PICTURE_MS);
    const before = paintings();
    if ((await rig.exec(containerId, ['sh', '-c', REPAINT], 'student')).code !== 0) return false;
    await rig.until('what he does is painted', async () => paintings() > before, PAINT_MS);
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
