// Loaded into a process by `--import`: tells in the file RIG_HEAP_FILE, again and again, what the process holds.
import { renameSync, writeFileSync } from 'node:fs';
import { collected } from './collected.ts';

const EVERY_MS = 10_000;
const file = process.env.RIG_HEAP_FILE ?? '';

const tell = (): void => {
  writeFileSync(`${file}.new`, JSON.stringify(collected()));
  // Whoever reads it meanwhile must not find half of it.
  renameSync(`${file}.new`, file);
};

tell();
setInterval(tell, EVERY_MS).unref();
