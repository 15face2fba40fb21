// npm run faults: breaks one part after the other of a real worker with students on it, and looks at what held.
// `-- --quick`: what every change must pass. `-- --seed N`: the same moments again. `-- --only WORDS`: faults so named.
import { parseArgs } from 'node:util';
import { Line } from '../rig/line.ts';
import { startPostgres } from '../rig/postgres.ts';
import { Rig } from '../rig/rig.ts';
import { Seeded } from '../seeded.ts';
import { type Fault, faults, type Scene } from './faults.ts';
import { type Held, Invariants } from './invariants.ts';

const STUDENTS = [1, 2, 3];
const EXAM = 7;

interface Row {
  readonly fault: string;
  readonly held: Held;
  readonly backMs: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 100_000);
  console.log(`seed ${seed}; again with: npm run faults -- --seed ${seed}`);
  const postgres = await startPostgres('faults');
  const line = await new Line(postgres.address).mend();
  const { user, password, database } = postgres.address;
  const login = { DB_HOST: '127.0.0.1', DB_USER: user, DB_PASSWORD: password, DB_NAME: database };
  const rig = new Rig({ name: 'faults', env: { ...login, DB_PORT: String(line.port) } });
  const rows: Row[] = [];
  try {
    await rig.start();
    const invariants = new Invariants(rig, EXAM);
    await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: 2 });
    for (const userId of STUDENTS) await invariants.seat(userId);
    const chosen = faults.filter((fault) => (fault.quick || !values.quick) && fault.name.includes(values.only));
    const scene = { rig, postgres, line, examId: EXAM, invariants };
    for (const fault of chosen) rows.push(await provoke(fault, { ...scene, random: new Seeded(seed) }));
  } finally {
    await rig.stop();
    await line.cut();
    await postgres.stop();
  }
  return report(rows);
}

async function provoke(fault: Fault, scene: Scene): Promise<Row> {
  const { invariants } = scene;
  console.log(`… ${fault.name}`);
  await fault.act(scene);
  const began = Date.now();
  await invariants.settled();
  const held = await invariants.check(fault.replaces ?? false);
  // Until everything is settled and every student has seen his desktop painted.
  return { fault: fault.name, held, backMs: Date.now() - began };
}

function report(rows: readonly Row[]): number {
  console.log(
    '\nfault                                             | same desktops | painted | one each | nothing left over | history | back after',
  );
  for (const { fault, held, backMs } of rows) {
    const marks = [held.same, held.seen, held.one, held.clean, held.told].map((what) =>
      what === true ? 'held' : `BROKEN ${what}`,
    );
    console.log([fault.padEnd(49), ...marks, `${backMs} ms`].join(' | '));
  }
  const broken = rows.filter(
    ({ held }) => ![held.same, held.seen, held.one, held.clean, held.told].every((what) => what === true),
  ).length;
  console.log(`\n${rows.length - broken} passed, ${broken} failed`);
  return broken === 0 ? 0 : 1;
}

process.exitCode = await main();
