// Faults of the engine, on one of our own. Run by run.ts in namespaces of its own, with an empty folder as its first word.
// Prints its rows as the last line.
import { parseArgs } from 'node:util';
import { OwnEngine } from '../rig/own-engine.ts';
import { Seeded } from '../seeded.ts';
import { engineFaults } from './engine-faults.ts';
import { provokeAll } from './provoke.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    students: { type: 'string', default: '3' },
    warm: { type: 'string', default: '2' },
  },
});
console.log('… an engine of our own, with the images (a minute)');
const engine = await OwnEngine.open(positionals[0] ?? '');
// Everything in this process that asks an engine, asks this one.
process.env.DOCKER_HOST = `unix://${engine.socket}`;
try {
  const chosen = engineFaults(engine).filter(({ name }) =>
    values.only.split('|').some((words) => name.includes(words)),
  );
  const size = { students: Number(values.students), warm: Number(values.warm), slack: 1 };
  const random = new Seeded(Number(values.seed));
  const rows = await provokeAll(chosen, { random, ...size, engine: engine.socket });
  console.log(JSON.stringify(rows));
} finally {
  await engine.close();
}
