import { type Desktop, isInUse } from './desktop.ts';

/**
 * How much of his room a student has filled, as his desktop counts it (exam-linux: watch-files).
 * - `near`: he has been told that little is left.
 * - `full`: nothing more is sure to be saved.
 * - `over`: far beyond, which only is where the engine's file system keeps no limit; programs that go on writing are ended.
 */
export type FilesLevel = 'fine' | 'near' | 'full' | 'over';

export interface Files {
  readonly level: FilesLevel;
  /** Of the limit, whatever of it is fullest: workspace, the rest of the home, or the number of files. */
  readonly percent: number;
  readonly workspaceMb: number;
  readonly homeMb: number;
  readonly files: number;
  readonly limitMb: number;
  /** The file system itself keeps the limit. */
  readonly hard: boolean;
  /** Names of programs that were ended since it was told last. */
  readonly ended: readonly string[];
}

/** What a desktop told of its student's files, and when the engine heard it. */
export interface FilesTold extends Files {
  readonly heardAt: number;
}

/** The browser's own files need this much, however little a student may have. */
const LEAST_HOME_MB = 512;
/** Where no limit is set a single file ends here. */
const UNLIMITED_FILE_MB = 2_048;

export interface FileLimits {
  /** Of the workspace; undefined: none. */
  readonly workspaceMb: number | undefined;
  /** Of the rest of the home. */
  readonly homeMb: number | undefined;
  /** Of a single file, wherever it is. */
  readonly fileMb: number;
}

/** @param limitMb what the operator set; 0: no limit */
export function fileLimits(limitMb: number): FileLimits {
  if (limitMb === 0) return { workspaceMb: undefined, homeMb: undefined, fileMb: UNLIMITED_FILE_MB };
  const homeMb = Math.max(limitMb, LEAST_HOME_MB);
  return { workspaceMb: limitMb, homeMb, fileMb: homeMb };
}

/** Desktops whose student can save no more: somebody must help him, and the host's disk fills where nothing is hard. */
export function filesComplaints(desktops: readonly Desktop[]): string[] {
  return desktops.flatMap((desktop) => {
    const { files } = desktop;
    if (!files || !isInUse(desktop) || files.level === 'fine' || files.level === 'near') return [];
    const { workspaceMb, homeMb, percent, limitMb } = files;
    return `${desktop.name}: its student’s files are at ${percent} % of their limit (${workspaceMb} MB in the workspace, ${homeMb} MB in the rest of the home, ${files.files} files; EXAM_WORKSPACE_LIMIT_MB is ${limitMb})`;
  });
}
