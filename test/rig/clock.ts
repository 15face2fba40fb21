// Loaded into a worker's process by `--import`: its clock is the real one moved by the milliseconds in RIG_CLOCK_FILE,
// read at the start and at every SIGUSR2. Timers go on as they would at a real jump: they follow the monotonic clock.
import { readFileSync } from 'node:fs';

const now = Date.now;

const read = (): number => {
  try {
    return Number(readFileSync(process.env.RIG_CLOCK_FILE ?? '', 'utf8'));
  } catch {
    return 0;
  }
};

let moved = read();

globalThis.Date = new Proxy(Date, {
  construct: (real, given, as) => Reflect.construct(real, given.length === 0 ? [now() + moved] : given, as),
});
Date.now = () => now() + moved;
process.on('SIGUSR2', () => {
  moved = read();
  process.stderr.write(`the clock says ${new Date().toISOString()} from now on\n`);
});
