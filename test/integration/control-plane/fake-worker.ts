import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { z } from 'zod';

const TOKEN_HEADER = 'x-cluster-token';
const seat = z.strictObject({ userId: z.int().positive(), examId: z.int().positive() });
const wanted = z.strictObject({
  examId: z.int().positive(),
  count: z.int().min(0),
  env: z.strictObject({ EXAM_NAME: z.string() }),
});

/** A worker as contract section 1 has it, in memory: holds the control-plane to the letter of every call. */
export interface FakeWorker {
  readonly url: string;
  /** Seats by "examId:userId". */
  readonly seats: Map<string, { ip: string; containerId: string }>;
  readonly calls: string[];
  mode: 'works' | 'full' | 'hangs' | 'no-status';
  slots: number;
  /** How long an allocate takes. */
  pauseMs: number;
  /** Called with each allocate, before it does anything. */
  onAllocate: () => void;
  /** What allocate answers beside the contract. */
  beside: Record<string, unknown>;
  stop(): Promise<void>;
}

export interface Told {
  readonly code: string;
  readonly url: string;
  readonly slots: number;
  readonly metadata?: object;
  readonly activeSessions?: number;
}

/** A heartbeat of a worker with so many slots (contract, section 2). */
export const heartbeatOf = ({ code, url, slots, metadata = {}, activeSessions = 0 }: Told): object => ({
  code,
  name: `Worker ${code}`,
  apiBaseUrl: url,
  totalCpuCores: slots + 1,
  totalMemoryMb: 1024 * (slots + 1),
  reservedCpuCores: 1,
  reservedMemoryMb: 1024,
  vmCpuCores: 1,
  vmMemoryMb: 1024,
  activeSessions,
  metadata,
});

export async function startFakeWorker(token: string, slots: number, net: number): Promise<FakeWorker> {
  const app = express();
  const server: Server = createServer(app);
  let next = 1;
  let warm = 0;
  app.use(express.json());
  app.use((request, response, go) => {
    worker.calls.push(`${request.method} ${request.path} ${JSON.stringify(request.body ?? null)}`);
    if (request.get(TOKEN_HEADER) !== token) return void response.status(401).json({ message: 'no' });
    if (worker.mode === 'hangs') return;
    go();
  });
  app.post('/api/vdi/cluster/allocate', async (request, response) => {
    const { userId, examId } = seat.parse(request.body);
    worker.onAllocate();
    await pause(worker.pauseMs);
    const key = `${examId}:${userId}`;
    const known = worker.seats.get(key);
    if (!known && (worker.mode === 'full' || worker.seats.size >= worker.slots)) {
      return void response.status(503).json({ error: 'host-full' });
    }
    const desktop = known ?? { ip: `10.${net}.1.${next}`, containerId: `c${net}-${next++}` };
    worker.seats.set(key, desktop);
    response.json({ ...desktop, ...worker.beside });
  });
  app.post('/api/vdi/cluster/release', (request, response) => {
    const { userId, examId } = seat.parse(request.body);
    worker.seats.delete(`${examId}:${userId}`);
    response.json({ message: 'released' });
  });
  app.post('/api/vdi/cluster/prewarm', (request, response) => {
    const { count } = wanted.parse(request.body);
    warm = count === 0 ? 0 : warm + count;
    response.json({ requested: count, created: count, failed: 0, poolAvailable: warm });
  });
  app.post('/api/vdi/cluster/drain', (request, response) => {
    const { draining } = z.strictObject({ draining: z.boolean() }).parse(request.body);
    response.json({ draining, drainStatus: draining ? 'draining' : 'serving' });
  });
  app.get('/api/vdi/cluster/status', (_request, response) => {
    if (worker.mode === 'no-status') return void response.status(404).json({ message: 'no such call' });
    const desktops = [...worker.seats.keys()].map((key) => {
      const [examId, userId] = key.split(':').map(Number);
      return { examId, userId };
    });
    response.json({ activeSessions: worker.seats.size, desktops });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const worker: FakeWorker = {
    // With a slash at the end: the caller strips it.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seats: new Map(),
    calls: [],
    mode: 'works',
    slots,
    pauseMs: 0,
    onAllocate: () => {},
    beside: {},
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return worker;
}
