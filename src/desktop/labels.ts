/** What never changes about a desktop after its create, so it can live in labels. */
export interface DesktopLabels {
  readonly worker: string;
  readonly examId: number;
  readonly desktopId: string;
  /** Image id (sha256:…) it was made from. */
  readonly imageId: string;
  /** Digest of the settings it was made with. */
  readonly template: string;
}

const WORKER = 'vdi.worker';
const EXAM = 'vdi.exam';
const DESKTOP = 'vdi.desktop';
const IMAGE = 'vdi.image';
const TEMPLATE = 'vdi.template';

export function encodeLabels(labels: DesktopLabels): Record<string, string> {
  return {
    [WORKER]: labels.worker,
    [EXAM]: String(labels.examId),
    [DESKTOP]: labels.desktopId,
    [IMAGE]: labels.imageId,
    [TEMPLATE]: labels.template,
  };
}

/** The labels of one of our desktops; undefined when any is missing, so a stranger's container is never taken for ours. */
export function decodeLabels(raw: Readonly<Record<string, string | undefined>>): DesktopLabels | undefined {
  const worker = raw[WORKER];
  const desktopId = raw[DESKTOP];
  const imageId = raw[IMAGE];
  const template = raw[TEMPLATE];
  const examId = Number(raw[EXAM]);
  if (!worker || !desktopId || !imageId || !template || !Number.isSafeInteger(examId) || examId < 1) return undefined;
  return { worker, examId, desktopId, imageId, template };
}

/** The engine-side filter that lists this worker's desktops and nothing else. */
export function workerFilter(worker: string): string[] {
  return [`${WORKER}=${worker}`];
}
