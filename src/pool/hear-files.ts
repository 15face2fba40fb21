import { isInUse } from '../desktop/desktop.ts';
import type { FilesTold } from '../desktop/files.ts';
import { inLedger } from './ledger.ts';
import type { PoolParts } from './parts.ts';

/** Takes in what a desktop told of its student's files. A stream that is opened again tells some of it again. */
export function hearFiles(
  { roster, ledger, log }: Pick<PoolParts, 'roster' | 'ledger' | 'log'>,
  containerId: string,
  told: FilesTold,
): void {
  const desktop = roster.get(containerId);
  const before = desktop?.files;
  // Not by which is later: the clock may have been set.
  if (!desktop || before?.heardAt === told.heardAt) return;
  roster.setFiles(containerId, told);
  // Each desktop tells at its start that all is well: no part of anybody's history.
  if (!isInUse(desktop) || (told.level === 'fine' && (before?.level ?? 'fine') === 'fine')) return;
  const { heardAt: at, ...files } = told;
  log.info({ desktop: desktop.name, ...files }, 'a student’s files');
  ledger.record({ kind: 'files', at, desktop: inLedger(desktop), ...files });
}
