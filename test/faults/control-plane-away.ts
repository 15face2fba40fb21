import { setTimeout as pause } from 'node:timers/promises';
import { ControlPlaneProcess } from '../rig/control-plane.ts';
import { TunnelClient } from '../rig/tunnel-client.ts';
import { beat } from './heartbeat.ts';
import { answersMeanwhile, type Fault, type Scene } from './scene.ts';

const QUICK = { awaySec: 6, intervalSec: 2 };
/** From when a beat is sent until it is taken, on a busy machine. */
const TAKEN_MS = 2_000;

/**
 * The control-plane is killed and comes back: whoever sits at a desktop goes on, the tunnel that is open stays so, and the
 * heartbeat says each change once. Ten minutes with the interval as it is delivered: `-- --away 600`.
 */
export const controlPlaneAway = (awaySec?: number): Fault => ({
  name: 'control-plane away',
  quick: true,
  act: (scene) => away(scene, awaySec === undefined ? QUICK : { awaySec, intervalSec: 20 }),
});

async function away(scene: Scene, { awaySec, intervalSec }: typeof QUICK): Promise<void> {
  const { rig, postgres, lines } = scene;
  const address = { ...postgres.address, port: lines.postgres.port };
  const controlPlane = await new ControlPlaneProcess(rig, address).start();
  const heart = beat(rig, controlPlane.port, { HEARTBEAT_INTERVAL_SEC: String(intervalSec) });
  let log = '';
  heart.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const said = (): string[] =>
    log.split('\n').flatMap((line) => (line.startsWith('{') ? [String(JSON.parse(line).msg)] : []));
  const tunnel = await opened(scene);
  try {
    await rig.until('the first beat taken', async () => said().length > 0);
    await controlPlane.stop('SIGKILL');
    await rig.until('a beat that fails', async () => said().length > 1, (intervalSec + 5) * 1000);
    const end = Date.now() + awaySec * 1000;
    await answersMeanwhile(scene);
    await pause(Math.max(0, end - Date.now()));
    if (said().length !== 2) throw new Error(`while away the log said ${said().slice(1).join(' | ')}`);
    await controlPlane.start();
    const back = Date.now();
    await rig.until('a beat taken again', async () => said().length > 2, intervalSec * 1000 + TAKEN_MS);
    console.log(`  first beat ${((Date.now() - back) / 1000).toFixed(1)} s after, interval ${intervalSec} s`);
    await pause(intervalSec * 1000);
    judge(said());
    if (tunnel.closed) throw new Error(`a student's tunnel was closed: ${JSON.stringify(tunnel.closed)}`);
    const seen = tunnel.opcodes.length;
    await rig.until('the open tunnel to go on', async () => tunnel.opcodes.length > seen);
  } finally {
    tunnel.close();
    heart.kill('SIGKILL');
    await controlPlane.stop('SIGKILL');
  }
}

/** One line at each change, and each says what it is. */
function judge(said: readonly string[]): void {
  const wanted = [/^heartbeat accepted/, /not delivered.*refuses connections/, /^heartbeat accepted/];
  const fits = said.length === wanted.length && wanted.every((words, index) => words.test(said[index] ?? ''));
  if (!fits) throw new Error(`the heartbeat's log said ${said.join(' | ')}`);
}

/** A student's window that is open all the while. */
async function opened({ rig, invariants }: Scene): Promise<TunnelClient> {
  const [seat] = [...invariants.seated().values()];
  if (!seat) throw new Error('nobody sits here');
  const { body } = await rig.call('/api/vdi/cluster/allocate', { examId: seat.examId, userId: seat.userId });
  const tunnel = new TunnelClient(rig.url, { connection: body.connection.token });
  await tunnel.see('sync');
  return tunnel;
}
