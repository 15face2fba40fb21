// Fills the disk that the outbox is on, tells of sessions, makes room again, and prints what the outbox said and kept.
// Argument: a directory on a file system of its own, of about 1 MB.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Outbox } from '../../../src/outbox/outbox.ts';

const TOLD = 2_000;
const [root = ''] = process.argv.slice(2);
const said: string[] = [];
const note = (_fields: object, message: string): void => void said.push(message);
const directory = join(root, 'outbox');
const open = () =>
  new Outbox({
    directory,
    maxBytes: 16 * 1024 * 1024,
    isLast: false,
    clock: Date.now,
    log: { info: note, warn: note, error: note },
  });
const ballast = join(root, 'ballast');
writeFileSync(ballast, Buffer.alloc(500 * 1024));
const outbox = open();
for (let userId = 1; userId <= TOLD; userId++) {
  const desktop = { containerId: `c${userId}`, name: `exam_7_u${userId}`, desktopId: 'd', examId: 7, userId };
  outbox.record({ kind: 'quarantined', at: Date.now(), desktop, reason: 'x'.repeat(150) });
}
const full = outbox.status();
rmSync(ballast);
await pause(2_500);
const after = outbox.status();
const users: number[] = [];
// As the next process would find it: what is in memory only does not count.
const next = open();
for (let batch = await next.next(); batch; batch = await next.next()) {
  for (const entry of batch.entries) if ('desktop' in entry) users.push(entry.desktop.userId ?? 0);
  batch.delivered();
}
const inOrder = users.every((user, index) => user === index + 1);
await outbox.close();
await next.close();
process.stdout.write(`${JSON.stringify({ full, after, said, kept: users.length, inOrder })}\n`);
