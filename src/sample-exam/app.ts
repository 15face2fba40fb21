import { readFile } from 'node:fs/promises';
import express, { type Express } from 'express';
import { z } from 'zod';

export interface SampleExamPorts {
  readonly clock: () => Date;
  readonly log: { info(fields: object, message: string): void };
}

interface Written {
  readonly from: string;
  readonly text: string;
  readonly at: string;
}

const LONGEST = 20_000;
const KEPT = 500;
const body = z.object({ text: z.string().max(LONGEST) });

/**
 * A stand-in for the school's exam site, so that a stand-alone worker has something to show. Desktops are told apart by
 * their address. Nothing is kept over a restart, on purpose: it is a sample.
 */
export async function sampleExamApp({ clock, log }: SampleExamPorts): Promise<Express> {
  const answers: Written[] = [];
  const typed = new Map<string, Written>();
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '64kb' }));

  for (const [path, file, type] of [
    ['/', 'page.html', 'html'],
    ['/page.css', 'page.css', 'css'],
    ['/page.js', 'page.js', 'js'],
  ] as const) {
    const text = await readFile(new URL(file, import.meta.url), 'utf8');
    app.get(path, (_request, response) => {
      response.set('Content-Security-Policy', "default-src 'self'").type(type).send(text);
    });
  }

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });

  app.post('/answers', (request, response) => {
    const written = read(request);
    if (!written) return void response.status(400).json({ error: 'text is missing or too long' });
    answers.push(written);
    if (answers.length > KEPT) answers.shift();
    log.info({ from: written.from, length: written.text.length }, 'answer saved');
    response.json({ savedAt: written.at });
  });

  // As it is typed: shows that keystrokes arrive, before anybody presses Save.
  app.post('/typed', (request, response) => {
    const written = read(request);
    if (!written) return void response.status(400).json({ error: 'text is missing or too long' });
    if (typed.size >= KEPT && !typed.has(written.from)) typed.clear();
    typed.set(written.from, written);
    response.status(204).end();
  });

  app.get('/answers', (_request, response) => {
    response.json({ answers, typed: [...typed.values()] });
  });

  function read(request: express.Request): Written | undefined {
    const parsed = body.safeParse(request.body);
    if (!parsed.success) return undefined;
    return { from: request.ip ?? 'unknown', text: parsed.data.text, at: clock().toISOString() };
  }

  return app;
}
