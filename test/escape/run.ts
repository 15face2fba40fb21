// npm run escape: tries to get out of a real desktop, each attempt beside a control that shows the way exists without the lock.
import { parseArgs } from 'node:util';
import Docker, { type Container } from 'dockerode';
import { AS_STUDENT } from '../rig/student.ts';
import { type Attempt, allowed, allowedOpen, byNetwork, byOpenWeb } from './attempts.ts';
import { byAccount, byBrowser, byKernel, byPrivilege } from './attempts-inside.ts';
import { allowedByName, byServerName } from './attempts-names.ts';
import { type Outcome, run } from './machine.ts';
import { moves } from './moves.ts';
import { clear, raise, type Stage } from './stage.ts';

const IMAGE = process.env.EXAM_IMAGE_NAME || 'sot-exam-linux:latest';
const AT_ONCE = 4;
const MOVES = 20;
const QUICK_MOVES = 3;
const HELD_MS = 30_000;

interface Row {
  readonly attempt: Attempt;
  readonly tried: Outcome;
  readonly control?: Outcome;
}

const STUDENT = [...AS_STUDENT, 'env', 'HOME=/home/student'];

/** In the desktop both are what they are below the entry point; anywhere else root is whole. */
const inDesktop = (desktop: Container, as: Attempt['as'], command: readonly string[]) =>
  run(desktop, 'root', ['/usr/lib/exam/drop', ...(as === 'student' ? STUDENT : []), ...command]);

async function attempt(stage: Stage, desktop: Container, one: Attempt): Promise<Row> {
  const by = one.control ?? { where: 'loose' as const, as: one.as };
  const command = by.run ?? one.run;
  const control = by.where === 'desktop' ? inDesktop(desktop, by.as, command) : run(stage[by.where], by.as, command);
  const [tried, controlled] = await Promise.all([inDesktop(desktop, one.as, one.run), control]);
  return { attempt: one, tried, control: controlled };
}

/** A probe that hangs would hang the run: it counts as what is worse, a failure of the test. */
async function held<T>(what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: no end within ${HELD_MS / 1000} s`)), HELD_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const hand = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  return results;
}

function verdict({ tried, control }: Row): string {
  if (tried.through) return 'GOT THROUGH';
  return control?.through ? 'blocked' : 'BLOCKED, BUT THE CONTROL DID NOT ANSWER';
}

function print(row: Row): void {
  const { attempt: one, tried, control } = row;
  const columns = [one.as.padEnd(8), one.name.padEnd(56), verdict(row).padEnd(12), tried.why.slice(0, 44).padEnd(44)];
  console.log(`${columns.join(' ')} | control: ${control?.through ? 'answered' : `no (${control?.why.slice(0, 60)})`}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
  const docker = new Docker();
  let failed = 0;
  try {
    console.log(`making a stage for ${IMAGE} …`);
    const stage = await raise(docker, IMAGE);
    const right = [...allowed(), ...(await allowedByName(stage.at))].map((one) => ({ one, desktop: stage.desktop }));
    right.push(...allowedOpen(stage.at).map((one) => ({ one, desktop: stage.neighbour })));
    for (const { one, desktop } of right) {
      const { through, why } = await held(one.name, inDesktop(desktop, one.as, one.run));
      if (!through) failed++;
      console.log(`allowed  ${one.name.padEnd(56)} ${through ? 'works' : `DOES NOT WORK: ${why}`}`);
    }
    for (const { what, through, why } of await moves(docker, stage, IMAGE, values.quick ? QUICK_MOVES : MOVES)) {
      if (!through) failed++;
      console.log(`allowed  ${what.padEnd(56)} ${through ? 'works' : 'DOES NOT WORK'}: ${why}`);
    }
    const all = [
      ...byNetwork(stage.at, stage.hostPort),
      ...(await byServerName(stage.at)),
      ...byPrivilege(),
      ...byAccount(),
      ...byKernel(),
      ...byBrowser(),
    ].map((one) => ({ one, desktop: stage.desktop }));
    for (const one of byOpenWeb(stage.at, stage.hostPort))
      all.push({ one: { ...one, name: `open web: ${one.name}` }, desktop: stage.neighbour });
    const chosen = all.filter(({ one }) => one.quick || !values.quick);
    const rows = await inTurns(chosen, async ({ one, desktop }) => {
      const row = await held(one.name, attempt(stage, desktop, one));
      print(row);
      return row;
    });
    failed += rows.filter((row) => verdict(row) !== 'blocked').length;
    console.log(`${chosen.length} attempts, ${chosen.length + right.length - failed} passed, ${failed} failed`);
  } finally {
    await clear(docker);
  }
  if (failed > 0) process.exitCode = 1;
}

await main();
