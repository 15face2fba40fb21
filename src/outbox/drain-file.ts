import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DrainMemory, Log } from '../pool/ports.ts';

const NAME = 'drain.json';

const State = z.object({
  draining: z.boolean(),
  by: z.enum(['call', 'worker_nodes']).optional(),
  at: z.number().optional(),
  table: z.boolean().optional(),
});

/** Whether the worker drains, in a small file on the outbox's volume: replaced whole, so that it is never half written. */
export function drainFile(directory: string, log: Log): DrainMemory {
  const path = join(directory, NAME);
  return {
    load() {
      try {
        return State.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch (error) {
        if (Reflect.get(Object(error), 'code') !== 'ENOENT')
          log.error({ path, error: String(error) }, 'whether this worker drains cannot be read; it serves');
        return undefined;
      }
    },
    save(state) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const fresh = openSync(`${path}.new`, 'w', 0o600);
      try {
        writeSync(fresh, JSON.stringify(state));
        fsyncSync(fresh);
      } finally {
        closeSync(fresh);
      }
      renameSync(`${path}.new`, path);
    },
  };
}
