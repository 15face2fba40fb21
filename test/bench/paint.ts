import { setTimeout as pause } from 'node:timers/promises';
import { openGuacd } from '../../src/tunnel/guacd.ts';
import { rdpSettings } from '../../src/tunnel/rdp-settings.ts';
import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';
import { examId, type Ground, type Measured, prewarm, untilWarm } from './ground.ts';
import { judge } from './paint-judge.ts';
import { PaintWatch } from './paint-watch.ts';
import { type PlainDesktop, PlainDesktops } from './plain.ts';
import { summary } from './stats.ts';

const SAMPLES = 10;
const COLD_SAMPLES = 5;
const EXAM = examId(7);
const SCREEN = { width: 1280, height: 800, dpi: 96 };
const PAINT_MS = 20_000;

/** From the answer of allocate to a painted screen, beside what a student waits for where each join is a new RDP login. */
export async function measure(ground: Ground): Promise<Measured> {
  const rig = await ground.worker(SAMPLES + 1);
  const guacd = { host: await rig.addressOf('guacd'), port: 4822 };
  let users = 0;

  const seat = async (examId: number) => {
    const began = performance.now();
    const { status, body } = await rig.call('/api/vdi/cluster/allocate', { examId, userId: ++users });
    if (status !== 200) throw new Error(`allocate answered ${status}: ${JSON.stringify(body)}`);
    const answered = performance.now();
    const { painted, opened } = await joined(rig, body.ip);
    return { opened: opened - answered, fromAnswer: painted - answered, fromCall: painted - began };
  };
  const login = async ({ ip, username, password }: PlainDesktop) => {
    const began = performance.now();
    const settings = rdpSettings({ hostname: ip, username, password });
    const watch = new PaintWatch(SCREEN);
    const { socket, rest } = await openGuacd(guacd, 'rdp', settings, SCREEN, AbortSignal.timeout(PAINT_MS));
    watch.push(rest);
    socket.on('data', (chunk: Buffer) => watch.push(chunk));
    const painted = await within(watch.painted, 'a fresh login');
    socket.destroy();
    return painted - began;
  };

  await prewarm(rig, EXAM, SAMPLES);
  await untilWarm(rig, EXAM, SAMPLES);
  const plain = await PlainDesktops.like(ground, rig, (await rig.desktops())[0]?.Id ?? '');
  const sessions: PlainDesktop[] = [];
  for (let index = 0; index < SAMPLES; index++) {
    const desktop = await plain.run();
    await plain.ready(desktop);
    sessions.push(desktop);
  }
  ground.say(`${SAMPLES} warm and ${SAMPLES} plain desktops run`);
  // No refill beside the measuring: what is there serves it.
  await prewarm(rig, EXAM, 0);
  await pause(2000);
  const times = {
    open: [] as number[],
    join: [] as number[],
    login: [] as number[],
    again: [] as number[],
    rejoin: [] as number[],
  };
  for (const session of sessions) {
    const { opened, fromAnswer } = await seat(EXAM);
    times.open.push(opened);
    times.join.push(fromAnswer);
    times.login.push(await login(session));
  }
  ground.say(`join ${summary(times.join).p50} ms, login ${summary(times.login).p50} ms`);
  const seats = (await rig.call('/api/vdi/cluster/status')).body.desktops as { ip: string }[];
  for (const [index, session] of sessions.entries()) {
    const began = performance.now();
    times.rejoin.push((await joined(rig, seats[index]?.ip ?? '')).painted - began);
    times.again.push(await login(session));
  }
  await plain.removeAll();
  for (let userId = 1; userId <= SAMPLES; userId++)
    await rig.call('/api/vdi/cluster/release', { examId: EXAM, userId });
  ground.say('cold, one by one');
  const cold = await measureCold(rig, plain, seat, login);
  return judge(times, cold);
}

async function measureCold(
  rig: Rig,
  plain: PlainDesktops,
  seat: (examId: number) => Promise<{ fromCall: number }>,
  login: (desktop: PlainDesktop) => Promise<number>,
) {
  const cold = { seated: [] as number[], warm: [] as number[], plainPainted: [] as number[] };
  for (let round = 1; round <= COLD_SAMPLES; round++) {
    cold.seated.push((await seat(examId(100 + round))).fromCall);
    await rig.call('/api/vdi/cluster/release', { examId: examId(100 + round), userId: SAMPLES + round });
    let began = performance.now();
    const desktop = await plain.run();
    await plain.ready(desktop);
    await login(desktop);
    cold.plainPainted.push(performance.now() - began);
    await plain.remove(desktop);
    began = performance.now();
    await prewarm(rig, examId(200 + round), 1);
    await untilWarm(rig, examId(200 + round), 1);
    cold.warm.push(performance.now() - began);
    await prewarm(rig, examId(200 + round), 0);
  }
  return cold;
}

/** @returns when the join of a student's desktop began to speak and when it was painted, on the clock of performance.now() */
async function joined(rig: Rig, ip: string): Promise<{ readonly opened: number; readonly painted: number }> {
  const watch = new PaintWatch(SCREEN);
  const query = { width: String(SCREEN.width), height: String(SCREEN.height), dpi: String(SCREEN.dpi) };
  const client = new TunnelClient(rig.url, { token: contractToken(rig.guacTokenKey, ip), ...query });
  let opened = 0;
  client.socket.once('message', () => (opened = performance.now()));
  client.socket.on('message', (message: Buffer) => watch.push(message));
  const painted = await within(watch.painted, `a join of ${ip}`);
  client.close();
  return { opened, painted };
}

async function within(painted: Promise<number>, what: string): Promise<number> {
  const late = pause(PAINT_MS, undefined, { ref: false }).then(() =>
    Promise.reject(new Error(`${what} was not painted`)),
  );
  return Promise.race([painted, late]);
}
