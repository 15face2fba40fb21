// npm run faults: breaks one part after the other of a real worker with students on it, and looks at what held.
// `-- --quick`: what every change must pass. `-- --seed N`: the same moments again. `-- --only WORDS|WORDS`: faults so named.
// `-- --students N --warm N`: another size of the exam. `-- --walk`: a random walk instead, `--operations N` long.
// `-- --soak`: the host full for ten minutes instead, `--minutes N`.
import { parseArgs } from 'node:util';
import { spawnInNamespaces } from '../rig/namespaces.ts';
import { Seeded } from '../seeded.ts';
import { ENGINE_FAULTS } from './engine-faults.ts';
import { faults } from './faults.ts';
import { provokeAll } from './provoke.ts';
import { soak } from './soak.ts';
import { type Row, report } from './table.ts';
import { walk } from './walk.ts';

const HOSTS_ENGINE = '/var/run/docker.sock';

async function main(): Promise<number> {
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
    },
  });
  const { quick, seed, only } = values;
  if (values.walk) return walk(Number(seed), Number(values.operations), HOSTS_ENGINE);
  if (values.soak) return soak(Number(values.minutes), Number(seed));
  console.log(`seed ${seed}; again with: npm run faults -- --seed ${seed}`);
  const random = new Seeded(Number(seed));
  const isMeant = (name: string): boolean => only.split('|').some((words) => name.includes(words));
  const chosen = faults(random).filter((fault) => (fault.quick || !quick) && isMeant(fault.name));
  const size = { students: Number(values.students), warm: Number(values.warm), slack: quick ? 3 : 1 };
  const rows = await provokeAll(chosen, { random, ...size, engine: HOSTS_ENGINE });
  const ofEngine = ENGINE_FAULTS.filter((name) => !quick && isMeant(name));
  if (ofEngine.length > 0) rows.push(...(await onOwnEngine(ofEngine, process.argv.slice(2))));
  return report(rows);
}

/** The faults that need an engine of our own, in namespaces that end with them. */
async function onOwnEngine(names: readonly string[], words: readonly string[]): Promise<readonly Row[]> {
  const run = await spawnInNamespaces('faults/engine.ts', words);
  let last = '';
  for await (const piece of run.stdout?.setEncoding('utf8') ?? []) {
    const lines = `${last}${piece}`.split('\n');
    last = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('[')) return JSON.parse(line, (_key, value) => value ?? Number.POSITIVE_INFINITY);
      console.log(line);
    }
  }
  // Not provoked is not held.
  const provoked = 'no engine of our own (needs root, dockerd, unshare, mkfs.ext4): see above';
  return names.map((fault) => ({ fault, provoked, goalMs: 0, backMs: Number.POSITIVE_INFINITY }));
}

process.exitCode = await main();
