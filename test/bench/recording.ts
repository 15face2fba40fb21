import { setTimeout as pause } from 'node:timers/promises';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';
import { examId, type Ground, prewarm, untilWarm } from './ground.ts';

const EXAM = examId(7);
const STEPS = 60;
const STEP_MS = 50;
const KEY_A = 0x61;

export interface Recording {
  readonly bytes: Buffer;
  readonly instructions: number;
}

/** What guacd really sends while a student looks, moves the mouse, types and changes the size of his window. */
export async function record(ground: Ground): Promise<Recording> {
  const rig = await ground.worker(1);
  await prewarm(rig, EXAM, 1);
  await untilWarm(rig, EXAM, 1);
  const { ip } = (await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId: 1 })).body;
  const client = new TunnelClient(rig.url, {
    token: contractToken(rig.guacTokenKey, ip),
    width: '1280',
    height: '800',
  });
  const chunks: Buffer[] = [];
  await client.see('');
  client.socket.on('message', (message: Buffer) => chunks.push(message));
  await client.see('sync');
  client.send('size', '1400', '900');
  for (let step = 0; step < STEPS; step++) {
    client.send('mouse', String(300 + step * 8), String(200 + step * 5), step % 10 === 0 ? '1' : '0');
    const key = String(KEY_A + (step % 26));
    client.send('key', key, '1');
    client.send('key', key, '0');
    await pause(STEP_MS);
  }
  client.close();
  await ground.clear();
  // The tunnel's own instruction, its id, is no part of what guacd said.
  const whole = Buffer.concat(chunks.filter((chunk) => !chunk.toString('latin1', 0, 3).startsWith('0.,')));
  const instructions = client.opcodes.filter((opcode) => opcode !== '').length;
  ground.say(`recorded ${whole.length} bytes, ${instructions} instructions`);
  return { bytes: whole, instructions };
}
