import { setTimeout as pause } from 'node:timers/promises';
import { SignJWT } from 'jose';
import type { Rig } from '../rig/rig.ts';
import { contractToken } from '../rig/tunnel-client.ts';
import { FreshLogins } from './fresh-login.ts';
import { examId, type Ground, type Measured, prewarm, untilWarm } from './ground.ts';
import type { Way } from './paint-in-page.ts';
import { type Cold, judge, type Warm } from './paint-judge.ts';
import { type PlainDesktop, PlainDesktops } from './plain.ts';
import { summary, timed } from './stats.ts';
import { StudentWindow } from './student-window.ts';

const SAMPLES = 10;
const COLD_SAMPLES = 5;
const EXAM = examId(7);
const PATIENCE_MS = 20_000;

/** What a bench of two ways to a desktop stands on. */
interface Stage {
  readonly rig: Rig;
  readonly window: StudentWindow;
  readonly logins: FreshLogins;
  /** Fresh logins that did not paint at once: guacd 1.3 now and then draws a first connection without its size. */
  begunAnew: number;
}

/** From the answer of allocate to the exam page in a real browser's canvas, beside what a student waits for where each join is a new RDP login. */
export async function measure(ground: Ground): Promise<Measured> {
  const rig = await ground.worker(SAMPLES + 1);
  const window = await StudentWindow.open(ground);
  const logins = new FreshLogins(window, { host: await rig.addressOf('guacd'), port: 4822 });
  const stage: Stage = { rig, window, logins, begunAnew: 0 };

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
  const warm = await measureWarm(stage, sessions);
  ground.say(`join ${summary(warm.join).p50} ms, login ${summary(warm.login).p50} ms`);
  await plain.removeAll();
  for (let userId = 1; userId <= SAMPLES; userId++) await release(rig, EXAM, userId);
  await rig.until('an empty worker', async () => (await rig.desktops()).length === 0);
  ground.say('cold, one by one');
  const cold = await measureCold(stage, plain);
  return judge(warm, cold, stage.begunAnew);
}

async function measureWarm(stage: Stage, sessions: readonly PlainDesktop[]): Promise<Warm> {
  const warm: Warm = { join: [], login: [], rejoin: [], again: [] };
  const seats: string[] = [];
  for (const [index, session] of sessions.entries()) {
    const ip = await allocate(stage.rig, EXAM, index + 1);
    seats.push(ip);
    warm.join.push((await stage.window.look(await wayIn(stage, ip, index + 1))).painted);
    await login(stage, session, warm.login);
  }
  for (const [index, session] of sessions.entries()) {
    warm.rejoin.push((await stage.window.look(await wayIn(stage, seats[index] ?? '', index + 1))).painted);
    await login(stage, session, warm.again);
  }
  return warm;
}

async function measureCold(stage: Stage, plain: PlainDesktops): Promise<Cold> {
  const { rig, window, logins } = stage;
  const cold: Cold = { seated: [], warm: [], plainTold: [], plainTried: [] };
  for (let round = 1; round <= COLD_SAMPLES; round++) {
    const [exam, userId] = [examId(100 + round), SAMPLES + round];
    const page = await window.page();
    const seated = await timed(async () => page.look(await wayIn(stage, await allocate(rig, exam, userId), userId)));
    cold.seated.push(seated.ms);
    await release(rig, exam, userId);
    // Two ways to a plain desktop; the product is held against the better one.
    for (const told of [true, false]) {
      const page = await window.page();
      const { ms } = await timed(async () => {
        const desktop = await plain.run();
        if (told) await plain.ready(desktop);
        await page.look(logins.to(desktop, PATIENCE_MS));
      });
      (told ? cold.plainTold : cold.plainTried).push(ms);
      await plain.removeAll();
    }
    const warmed = await timed(async () => {
      await prewarm(rig, examId(200 + round), 1);
      await untilWarm(rig, examId(200 + round), 1);
    });
    cold.warm.push(warmed.ms);
    await prewarm(rig, examId(200 + round), 0);
    await allocate(rig, examId(200 + round), userId);
    await release(rig, examId(200 + round), userId);
  }
  return cold;
}

async function wayIn({ rig }: Stage, ip: string, userId: number): Promise<Way> {
  const jwt = await new SignJWT({ username: `u${userId}`, role: 'STUDENT' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(userId))
    .setExpirationTime('12h')
    .sign(Buffer.from(rig.jwtSecret));
  const token = contractToken(rig.guacTokenKey, ip);
  const tunnelUrl = rig.url.replace('http', 'ws');
  return { tunnelUrl, token, jwt, patienceMs: PATIENCE_MS, tryMs: PATIENCE_MS, againMs: 200 };
}

/** A login that was not painted at once and had to be begun anew is counted apart: its time would only flatter the product. */
async function login(stage: Stage, desktop: PlainDesktop, into: number[]): Promise<void> {
  for (let times = 0; times < 3; times++) {
    const { painted, tries } = await stage.window.look(stage.logins.to(desktop, PATIENCE_MS));
    if (tries === 1) return void into.push(painted);
    stage.begunAnew++;
  }
  throw new Error(`a fresh login to ${desktop.ip} was not painted at once three times`);
}

async function allocate(rig: Rig, examId: number, userId: number): Promise<string> {
  const { status, body } = await rig.call('/api/vdi/cluster/allocate', { examId, userId });
  if (status !== 200) throw new Error(`allocate answered ${status}: ${JSON.stringify(body)}`);
  return body.ip;
}

async function release(rig: Rig, examId: number, userId: number): Promise<void> {
  await rig.call('/api/vdi/cluster/release', { examId, userId });
}
