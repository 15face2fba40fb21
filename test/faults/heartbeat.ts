import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Rig } from '../rig/rig.ts';
import { type Fault, OUTAGE_MS } from './scene.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BEAT_MS = 10_000;

/** Kills the heartbeat's process; what a stand-in for the control-plane gets tells whether it beats. */
export const heartbeatKilled: Fault = {
  name: 'heartbeat killed for 3 s',
  act: async ({ rig, invariants }) => {
    let beats = 0;
    const controlPlane = createServer(async (asked, answer) => {
      // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
      const beat: any = await json(asked);
      if (beat.metadata?.ready === true && beat.activeSessions === invariants.seated().size) beats++;
      answer.writeHead(201).end('{}');
    }).listen(0, '127.0.0.1');
    await once(controlPlane, 'listening');
    const beatsAgain = async (): Promise<ChildProcess> => {
      const from = beats;
      const heart = beat(rig, (controlPlane.address() as AddressInfo).port);
      await rig
        .until('a beat that tells the truth', async () => beats > from, BEAT_MS)
        .catch(async () => {
          heart.kill('SIGKILL');
          throw new Error(
            `no beat that tells the truth within ${BEAT_MS} ms: ${heart.stderr && (await text(heart.stderr))}`,
          );
        });
      return heart;
    };
    try {
      const first = await beatsAgain();
      first.kill('SIGKILL');
      await pause(OUTAGE_MS);
      const second = await beatsAgain();
      second.kill('SIGKILL');
    } finally {
      controlPlane.closeAllConnections();
      controlPlane.close();
    }
  },
};

/** Starts a heartbeat of this rig's worker that beats to a control-plane on this port. */
export function beat(rig: Rig, port: number, more: Readonly<Record<string, string>> = {}): ChildProcess {
  const env = {
    PATH: process.env.PATH,
    WORKER_CODE: rig.code,
    WORKER_NAME: rig.code,
    WORKER_API_BASE_URL: 'http://203.0.113.20:3000',
    CONTROL_PLANE_API_BASE: `http://127.0.0.1:${port}/api`,
    WORKER_CLUSTER_TOKEN: rig.clusterToken,
    BACKEND_URL: rig.url,
    HEARTBEAT_INTERVAL_SEC: '1',
    ...more,
  };
  const heart = spawn(process.execPath, ['src/heartbeat.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  // Whoever wants to hear it listens; unread it would stand still one day.
  heart.stdout.resume();
  return heart;
}
