import { z } from 'zod';
import type { Files } from '../desktop/files.ts';
import type { DesktopWord, Readiness } from '../pool/ports.ts';

const PREFIX = 'desktop-event ';

/** It has come up without its firewall: only where strict mode is off. */
export interface Unlocked {
  readonly kind: 'unlocked';
  readonly note: string;
}

/** An RDP login finds its session from now on. */
export interface InSession {
  readonly kind: 'session';
}

/**
 * Reads one line of a desktop's output. Only its root processes can write there, so the student cannot make one up.
 * @returns what it says of lock and readiness; undefined for every other line
 */
export function readDesktopEvent(line: string): Readiness | Unlocked | InSession | undefined {
  const event = readEvent(line);
  if (!event) return undefined;
  if (event.event === 'failed') return { kind: 'failed', reason: text(event, 'reason') ?? 'it gave no reason' };
  if (event.event === 'locked' && text(event, 'lock') === 'off') {
    return { kind: 'unlocked', note: `no firewall: ${text(event, 'reason') ?? 'it gave no reason'}` };
  }
  if (event.event === 'session') return { kind: 'session' };
  // Said with each proof, too: after some days the line of its own has left the engine's log.
  if (event.event === 'proof' && Reflect.get(event, 'ready') === true) return { kind: 'ready' };
  if (event.event !== 'ready') return undefined;
  return text(event, 'page') === 'unreachable' ? { kind: 'ready', page: 'unreachable' } : { kind: 'ready' };
}

/**
 * Reads one line of a desktop's output as the engine kept it, with its time before it.
 * @returns what a desktop goes on telling after it has come up; undefined for every other line
 */
export function readDesktopWord(line: string): DesktopWord | undefined {
  const blank = line.indexOf(' ');
  const event = readEvent(line.slice(blank + 1));
  const heardAt = Date.parse(line.slice(0, blank));
  if (!event || Number.isNaN(heardAt)) return undefined;
  if (event.event === 'page' && text(event, 'page') === 'loaded') return { kind: 'page-loaded' };
  if (event.event === 'files') return readFiles(event, heardAt);
  if (event.event !== 'proof') return undefined;
  const [record, signature] = [text(event, 'record'), text(event, 'signature')];
  return record !== undefined && signature !== undefined
    ? { kind: 'proof', signed: { record, signature, heardAt } }
    : undefined;
}

const FilesEvent: z.ZodType<Files> = z.object({
  level: z.enum(['fine', 'near', 'full', 'over']),
  percent: z.int().nonnegative(),
  workspaceMb: z.int().nonnegative(),
  homeMb: z.int().nonnegative(),
  files: z.int().nonnegative(),
  limitMb: z.int().positive(),
  hard: z.boolean(),
  ended: z.array(z.string().max(16)).max(64),
});

function readFiles(event: object, heardAt: number): DesktopWord | undefined {
  const { success, data } = FilesEvent.safeParse(event);
  return success ? { kind: 'files', told: { ...data, heardAt } } : undefined;
}

function readEvent(line: string): { readonly event: unknown } | undefined {
  if (!line.startsWith(PREFIX)) return undefined;
  try {
    const event: unknown = JSON.parse(line.slice(PREFIX.length));
    return typeof event === 'object' && event !== null && 'event' in event ? event : undefined;
  } catch {
    return undefined;
  }
}

function text(event: object, key: string): string | undefined {
  const value: unknown = Reflect.get(event, key);
  return typeof value === 'string' ? value : undefined;
}
