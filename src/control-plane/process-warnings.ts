import type { Log } from './ports.ts';

/**
 * Node's warnings into the log instead of loose lines on stderr. The one about stripTypeScriptTypes is left out: it is
 * known, the version of Node is pinned, and the pages' tests would tell if its behaviour changed.
 */
export function logWarnings(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning' && warning.message.startsWith('stripTypeScriptTypes')) return;
    log.warn({ err: warning }, 'warning from Node');
  });
}
