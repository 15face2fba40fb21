// npm run faults: breaks one part after the other of a real worker with students on it, looks at what held, and then lets
// the other parts below go; the table comes last. `-- --quick`: what every change must pass.
// `-- --seed N`: the same moments again. `-- --only WORDS|WORDS`: faults so named. `-- --students N --warm N`: another size
// of the exam. `-- --walk`, `-- --soak`, `-- --fleet`, `-- --crowd`, `-- --fuzz`: only that part;
// `--operations N`, `--minutes N`, `--cases N`: how long;
// `--desktops N`: a soak with no more; `--leak BYTES`: one that must fail, as the backend keeps so much of each call;
// `--compose`: the fleet as compose projects, started and stopped by the pack's commands;
// `--case K`: one case of the fuzz run again. `--away SECONDS`: how long the control-plane stays away.
import { parseArgs } from 'node:util';
import { Seeded } from '../seeded.ts';
import { ENGINE_FAULTS } from './engine-faults.ts';
import { faults } from './faults.ts';
import { fleet } from './fleet.ts';
import { crowd } from './fleet-crowd.ts';
import { CASES, fuzz } from './fuzz.ts';
import { onOwnEngine } from './own-scene.ts';
import { provokeAll } from './provoke.ts';
import { soak } from './soak.ts';
import { type Row, report } from './table.ts';
import { walk } from './walk.ts';

const HOSTS_ENGINE = '/var/run/docker.sock';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    only: { type: 'string', default: '' },
    students: { type: 'string', default: '3' },
    warm: { type: 'string', default: '2' },
    walk: { type: 'boolean', default: false },
    operations: { type: 'string', default: '560' },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    desktops: { type: 'string', default: 'Infinity' },
    leak: { type: 'string', default: '0' },
    fleet: { type: 'boolean', default: false },
    compose: { type: 'boolean', default: false },
    crowd: { type: 'boolean', default: false },
    fuzz: { type: 'boolean', default: false },
    cases: { type: 'string', default: String(CASES) },
    case: { type: 'string', default: '' },
    away: { type: 'string' },
  },
});
const seed = Number(values.seed);

/** What belongs to the whole beside the table, in this order. Each prints how it went and says the exit code. */
const PARTS = {
  walk: () => walk(seed, Number(values.operations), HOSTS_ENGINE),
  soak: () =>
    soak({ minutes: Number(values.minutes), desktops: Number(values.desktops), leak: Number(values.leak) }, seed),
  fleet: () => fleet(values.compose),
  crowd,
  fuzz: () => fuzz(seed, Number(values.cases), values.case.split(',').filter(Boolean).map(Number)),
} as const;

async function main(): Promise<number> {
  const names = Object.keys(PARTS) as (keyof typeof PARTS)[];
  const asked = names.filter((name) => values[name]);
  const isTable = asked.length === 0;
  const isWhole = isTable && !values.quick && values.only === '';
  console.log(`seed ${seed}; again with: npm run faults -- --seed ${seed}`);
  const rows = isTable ? await provoked() : [];
  const ends: string[] = [];
  let failed = 0;
  for (const name of isWhole ? names : asked) {
    const began = performance.now();
    const code = await PARTS[name]().catch((error: unknown) => {
      console.log(error);
      return 1;
    });
    failed += code === 0 ? 0 : 1;
    ends.push(
      `${name}: ${code === 0 ? 'held' : 'BROKEN, see above'} (${Math.round((performance.now() - began) / 1000)} s)`,
    );
  }
  if (isTable) failed += report(rows);
  for (const end of ends) console.log(end);
  return failed === 0 ? 0 : 1;
}

async function provoked(): Promise<Row[]> {
  const isMeant = (name: string): boolean => values.only.split('|').some((words) => name.includes(words));
  const { quick } = values;
  const random = new Seeded(seed);
  const chosen = faults(random, values.away ? Number(values.away) : undefined).filter(
    (fault) => (fault.quick || !quick) && isMeant(fault.name),
  );
  const size = { students: Number(values.students), warm: Number(values.warm), slack: quick ? 3 : 1 };
  const rows = await provokeAll(chosen, { random, ...size, engine: HOSTS_ENGINE });
  const ofEngine = ENGINE_FAULTS.filter((name) => !quick && isMeant(name));
  return ofEngine.length === 0 ? rows : [...rows, ...(await onOwnEngine(ofEngine, { seed, ...size }))];
}

process.exitCode = await main();
