import { setTimeout as pause } from 'node:timers/promises';
import { ControlPlaneProcess } from '../rig/control-plane.ts';
import { TunnelClient } from '../rig/tunnel-client.ts';
import { beat } from './heartbeat.ts';
import { answersMeanwhile, type Fault, type Scene } from './scene.ts';

interface Pace {
  readonly awaySec: number;
  readonly intervalSec: number;
  /** From when a beat is sent until it is taken. */
  readonly takenSec: number;
}

/** On whatever machine, beside whatever else: that it beats again is looked at, and each change told once. */
const QUICK: Pace = { awaySec: 6, intervalSec: 2, takenSec: 28 };
/** As it is delivered, on a quiet machine: within one interval. */
const DELIVERED = { intervalSec: 20, takenSec: 2 };
/** For each change to be logged, on a machine that others keep busy. */
const TOLD_MS = 60_000;

/**
 * The control-plane is killed and comes back: whoever sits at a desktop goes on, the tunnel that is open stays so, and the
 * heartbeat says each change once. Ten minutes with the interval as it is delivered: `-- --away 600`.
 */
export const controlPlaneAway = (awaySec?: number): Fault => ({
  name: 'control-plane away',
  quick: true,
  act: (scene) => away(scene, awaySec === undefined ? QUICK : { awaySec, ...DELIVERED }),
});

async function away(scene: Scene, { awaySec, intervalSec, takenSec }: Pace): Promise<void> {
  const { rig, postgres, lines } = scene;
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const tunnel = await opened(scene);
    closing.push(() => tunnel.close());
    const controlPlane = new ControlPlaneProcess(rig, { ...postgres.address, port: lines.postgres.port });
    closing.push(() => controlPlane.stop('SIGKILL'));
    await controlPlane.start();
    const heart = beat(rig, controlPlane.port, { HEARTBEAT_INTERVAL_SEC: String(intervalSec) });
    closing.push(() => void heart.kill('SIGKILL'));
    let log = '';
    heart.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const said = (): string[] => changes(log);

    await rig.until('the first beat taken', async () => said().length === 1, TOLD_MS);
    await controlPlane.stop('SIGKILL');
    await rig.until('a beat that fails', async () => said().length > 1, intervalSec * 1000 + TOLD_MS);
    const end = Date.now() + awaySec * 1000;
    await answersMeanwhile(scene);
    await pause(Math.max(0, end - Date.now()));
    judge(said(), GONE);
    await controlPlane.start();
    const back = Date.now();
    await rig.until('a beat taken again', async () => said().length > GONE.length, (intervalSec + takenSec) * 1000);
    console.log(`  first beat ${((Date.now() - back) / 1000).toFixed(1)} s after, interval ${intervalSec} s`);
    await pause(intervalSec * 1000);
    judge(said(), [...GONE, TAKEN]);
    if (tunnel.closed) throw new Error(`a student's tunnel was closed: ${JSON.stringify(tunnel.closed)}`);
    const seen = tunnel.opcodes.length;
    await rig.until('the open tunnel to go on', async () => tunnel.opcodes.length > seen);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

const TAKEN = /^heartbeat accepted/;
const GONE = [TAKEN, /not delivered.*refuses connections/];
/** The kill met a beat that was under way: the first words on the same absence. */
const CUT = /not delivered.*cut the connection/;

/** What the heartbeat said of the control-plane, once for each change. How its own backend does is another row's matter. */
export function changes(log: string): string[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  const said = lines.map((line) => String(JSON.parse(line).msg));
  const onBackendAlone = (at: number): boolean => at > 0 && ofControlPlane(said[at]) === ofControlPlane(said[at - 1]);
  return said.filter((words, at) => !CUT.test(words) && !onBackendAlone(at));
}

const ofControlPlane = (words = ''): string => words.replace(/; backend .*$/, '');

/** One line at each change, and each says what it is. */
function judge(said: readonly string[], wanted: readonly RegExp[]): void {
  const fits = said.length === wanted.length && wanted.every((words, index) => words.test(said[index] ?? ''));
  if (!fits) throw new Error(`the heartbeat's log said ${said.join(' | ')}`);
}

/** A student's window that is open all the while. */
async function opened({ rig, invariants }: Scene): Promise<TunnelClient> {
  const [seat] = [...invariants.seated().values()];
  if (!seat) throw new Error('nobody sits here');
  const { body } = await rig.call('/api/vdi/cluster/allocate', { examId: seat.examId, userId: seat.userId });
  const tunnel = new TunnelClient(rig.url, { connection: body.connection.token });
  await tunnel.see('sync').catch((error: unknown) => {
    tunnel.close();
    throw error;
  });
  return tunnel;
}
