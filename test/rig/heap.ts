// Loaded into a process by `--import`: tells in the file RIG_HEAP_FILE, again and again, how much its heap holds. Garbage
// is collected before each look, or the figure would say when the collector last ran.
import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_MS = 10_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const tell = (): void => {
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  writeFileSync(process.env.RIG_HEAP_FILE ?? '', JSON.stringify({ heapUsed, external, arrayBuffers }));
};

tell();
setInterval(tell, EVERY_MS).unref();
