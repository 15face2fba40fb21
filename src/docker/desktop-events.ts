import type { Readiness } from '../pool/ports.ts';

const PREFIX = 'desktop-event ';

/** It has come up without its firewall: only where strict mode is off. */
export interface Unlocked {
  readonly kind: 'unlocked';
  readonly note: string;
}

/**
 * Reads one line of a desktop's output. Only its root processes can write there, so the student cannot make one up.
 * @returns what it says of lock and readiness; undefined for every other line
 */
export function readDesktopEvent(line: string): Readiness | Unlocked | undefined {
  if (!line.startsWith(PREFIX)) return undefined;
  let event: unknown;
  try {
    event = JSON.parse(line.slice(PREFIX.length));
  } catch {
    return undefined;
  }
  if (typeof event !== 'object' || event === null || !('event' in event)) return undefined;
  if (event.event === 'failed') return { kind: 'failed', reason: text(event, 'reason') ?? 'it gave no reason' };
  if (event.event === 'locked' && text(event, 'lock') === 'off') {
    return { kind: 'unlocked', note: `no firewall: ${text(event, 'reason') ?? 'it gave no reason'}` };
  }
  if (event.event !== 'ready') return undefined;
  const page = text(event, 'page');
  return page === 'unreachable' ? { kind: 'ready', note: 'exam page did not load' } : { kind: 'ready' };
}

function text(event: object, key: string): string | undefined {
  const value: unknown = Reflect.get(event, key);
  return typeof value === 'string' ? value : undefined;
}
