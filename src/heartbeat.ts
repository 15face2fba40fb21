import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { readCertificates } from './certificates.ts';
import { BadSettings, readHeartbeatConfig, readLogLevel } from './config.ts';
import { Heart } from './heartbeat/heart.ts';
import { HostReader } from './host/reader.ts';

/** How often the backend is looked at: an admin who pressed Prewarm sees the desktops come up. */
const LOOK_MS = 1_000;
/** When the control-plane last accepted a beat; read by the container's health check. */
const ACCEPTED_FILE = '/tmp/heartbeat-accepted';

async function main(): Promise<void> {
  const settings = readHeartbeatConfig();
  if (process.argv.includes('--check')) return check(settings.ttlMs);
  const log = pino({ level: readLogLevel() });
  const { controlPlaneCaFile } = settings;
  const ca = readCertificates('CONTROL_PLANE_CA_FILE', controlPlaneCaFile);
  const host = new HostReader();
  const heart = new Heart({ ...settings, controlPlaneCa: ca }, { log, left: () => host.left() });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  while (!stop.signal.aborted) {
    if (await heart.tick(Date.now())) await writeFile(ACCEPTED_FILE, String(Date.now()));
    // Not a look later than due: the longest time between two beats is the operator's word.
    const next = Math.min(LOOK_MS, settings.intervalMs, heart.untilDue(Date.now()));
    await pause(next, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

/** Unhealthy when no beat has been accepted for the time after which the control-plane calls this worker stale. */
async function check(ttlMs: number): Promise<void> {
  const last = Number(await readFile(ACCEPTED_FILE, 'utf8').catch(() => '0'));
  if (Date.now() - last > ttlMs) throw new Error('no heartbeat accepted lately; see the log of worker_heartbeat');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof BadSettings || !(error instanceof Error) ? error : error.message}\n`);
  process.exitCode = 1;
});
