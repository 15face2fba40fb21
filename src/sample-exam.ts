import { once } from 'node:events';
import { createServer } from 'node:http';
import { pino } from 'pino';
import { BadSettings, readLogLevel, readSampleExamConfig } from './config.ts';
import { sampleExamApp } from './sample-exam/app.ts';

async function main(): Promise<void> {
  const settings = readSampleExamConfig();
  const log = pino({ level: readLogLevel() });
  const server = createServer(await sampleExamApp({ clock: () => new Date(), log })).listen(settings.port);
  await once(server, 'listening');
  log.info({ port: settings.port }, 'sample exam is up');

  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
  });
  server.close();
  server.closeAllConnections();
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof BadSettings ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
});
