// npm run bench -- NAME: measures the product beside what one would take instead, both sides in the same run.
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import Docker from 'dockerode';
import { Ground, type Measured } from './ground.ts';

interface Bench {
  readonly about: string;
  /** Where a whole run takes longer than the others. */
  readonly limitS?: number;
  load(): Promise<{ measure(ground: Ground): Promise<Measured> }>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  allocate: {
    about: 'warm allocate over HTTP, one at a time and 50 at once, beside bare engine renames',
    limitS: 400,
    load: () => import('./allocate.ts'),
  },
  prewarm: {
    about: '10 desktops from nothing to warm beside 10 plain docker runs',
    load: () => import('./prewarm.ts'),
  },
  paint: {
    about: 'allocate to painted in a real browser, warm and cold, beside a fresh RDP login',
    limitS: 400,
    load: () => import('./paint.ts'),
  },
  tunnel: {
    about: 'the tunnel beside guacamole-lite and a plain pipe: throughput, CPU, latency, a stalled browser',
    limitS: 500,
    load: () => import('./tunnel.ts'),
  },
  joins: {
    about: 'students join while a pool of ten refills, giving way and not',
    limitS: 400,
    load: () => import('./joins.ts'),
  },
  density: {
    about: 'host memory and CPU per warm desktop, with 10 and with 20',
    limitS: 400,
    load: () => import('./density.ts'),
  },
};

const LIMIT_S = 235;

async function machine(load: number): Promise<string> {
  const engine = await new Docker().version();
  return [
    `${availableParallelism()} x ${cpus()[0]?.model.trim() || arch()}`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Linux ${release()}`,
    `Docker ${engine.Version}`,
    `Node ${process.versions.node}`,
    `load ${load.toFixed(1)} before the run`,
  ].join(', ');
}

function usage(): string {
  const names = Object.entries(BENCHES).map(([name, { about }]) => `  ${name.padEnd(10)}${about}`);
  return ['Usage: npm run bench -- NAME', ...names].join('\n');
}

/** Rises at an interrupt and when the time is up, so that what was made is removed in one place. */
function interrupted(limitS: number): Promise<never> {
  return new Promise((_, reject) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.once(name, () => reject(new Error(`stopped by ${name}`)));
    setTimeout(() => reject(new Error(`not done within ${limitS} s`)), limitS * 1000).unref();
  });
}

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...more] = args;
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!bench || more.length > 0) {
    console.error(name === '' || name === '--help' ? usage() : `No bench called "${args.join(' ')}".\n${usage()}`);
    return name === '--help' ? 0 : 2;
  }
  const ground = new Ground();
  // Whoever reads the figures must see whether the machine was also busy with something else.
  const load = loadavg()[0] ?? 0;
  if (load > availableParallelism() / 2)
    ground.say(`the machine is busy already (load ${load}): figures will be worse than they are`);
  try {
    const { measure } = await bench.load();
    const measured = await Promise.race([measure(ground), interrupted(bench.limitS ?? LIMIT_S)]);
    for (const { name: goal, goal: limit, value, met } of measured.goals)
      ground.say(`${met ? 'met    ' : 'NOT MET'} ${goal}: ${value} (goal ${limit})`);
    ground.say('removing what was made');
    await ground.clear();
    console.log(JSON.stringify({ bench: name, machine: await machine(load), ...measured }));
    return 0;
  } catch (error) {
    console.error(`bench ${name} did not measure: ${error instanceof Error ? error.stack : error}`);
    return 1;
  } finally {
    await ground.clear();
  }
}

// Not only the exit code: whatever a bench still has open must not keep a finished run alive.
process.exit(await main(process.argv.slice(2)));
