// A worker's history without its desktops: tells of sessions one after the other and writes each number that it has told
// to its output, until it is killed. Arguments: outbox directory, first number, port of the database, most bytes.
import { setTimeout as pause } from 'node:timers/promises';
import { Outbox } from '../../../src/outbox/outbox.ts';
import { Sender } from '../../../src/outbox/sender.ts';
import { openDatabase } from '../../../src/postgres/database.ts';
import { ledgerStore } from '../../../src/postgres/ledger-store.ts';

const [directory = '', first = '1', port = '0', password = '', worker = 'w1', pace = '2'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const log = {
  info: (_fields: object, message: string) => say(`log ${message}`),
  warn: (fields: object, message: string) => say(`log ${message} ${JSON.stringify(fields)}`),
  error: (fields: object, message: string) => say(`log ${message} ${JSON.stringify(fields)}`),
};
const outbox = new Outbox({ directory, maxBytes: 64 * 1024 * 1024, isLast: false, clock: Date.now, log });
const address = { host: '127.0.0.1', port: Number(port), user: 'vdi', password, database: 'vdi' };
const database = openDatabase(address, { name: worker, connections: 2, queryMs: 1_000 }, () => undefined);
const sender = new Sender({
  outbox,
  store: ledgerStore(worker, address, database),
  onDrained: async () => true,
  log,
});
sender.start();

for (let number = Number(first); ; number++) {
  const desktop = {
    containerId: `c${number}`,
    name: `exam_7_u${number}`,
    desktopId: `d${number}`,
    examId: 7,
    userId: number,
  };
  outbox.record({ kind: 'session-began', at: Date.now(), desktop, source: 'pool' });
  outbox.record({ kind: 'session-ended', at: Date.now(), desktop, why: 'released' });
  say(`told ${number}`);
  await pause(Number(pace));
}
