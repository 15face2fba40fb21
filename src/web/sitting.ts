import { afterClose, backOff, STATUS, type Trouble } from './after-close.ts';
import { call, Refused, storedLogin } from './api.ts';
import { copyHere } from './clipboard.ts';
import { type Link, openLink } from './desktop-link.ts';
import { pause } from './pause.ts';
import { desktopSize, type Size } from './screen-size.ts';

/** What join answers (contract section 3, and our own fields beside it). */
export interface Joined {
  readonly token: string;
  /** The worker's own token, where the worker gives one. */
  readonly connection?: {
    readonly token: string;
    readonly clipboard?: 'off' | 'in' | 'out' | 'both';
    readonly recorded?: boolean;
  };
  readonly tunnelUrl: string;
  readonly examName: string;
  readonly endTime: string;
  /** This join has led to another worker than the one before. */
  readonly moved: boolean;
  /** Where the files of this session stayed when it was moved. */
  readonly filesLeft?: { readonly workerName: string } | null;
}

export interface SittingViews {
  room(): Size;
  /** A try begins; `why` is what stopped the one before. */
  asking(attempt: number, why: WaitReason | undefined): void;
  opening(attempt: number): void;
  painted(link: Link, joined: Joined): void;
  steady(steady: boolean): void;
  /** It was painted before and is gone. */
  lost(afterMs: number, tryNow: () => void): void;
  touched(): void;
}

export type WaitReason = 'no_free_desktop' | 'worker_not_answering' | 'tunnel_not_opening' | 'offline';

export type SittingEnd =
  | { readonly kind: 'left' }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
  /** The server will not have this student in this exam, or not with this login. */
  | { readonly kind: 'refused'; readonly problem: Refused };

const NO_DESKTOP_AGAIN_MS = 3000;
/** For a worker that was there a moment ago; after it, join is asked where the student's desktop is now. */
const KNOWN_PATIENCE_MS = 5000;
const PATIENCE_MS = 15_000;

/**
 * One student at one exam, from the first ask until it ends: join, connect, and both again whenever the connection goes.
 * Join leads to the same desktop, and to a fresh token. A connection token that has shown the desktop is tried once more
 * before that: a lost network comes back while the control-plane is away, too.
 */
export async function sit(
  examId: number,
  accessCode: string,
  views: SittingViews,
  signal: AbortSignal,
): Promise<SittingEnd> {
  let why: WaitReason | undefined;
  let failures = 0;
  let everPainted = false;
  let known: Joined | undefined;

  for (let attempt = 1; !signal.aborted; attempt++) {
    if (!everPainted) views.asking(attempt, why);
    let joined: Joined;
    try {
      joined = known ?? (await call<Joined>('POST', `/exams/${examId}/join`, { accessCode }, signal));
    } catch (error) {
      if (signal.aborted) break;
      why = waitReason(error);
      if (why === undefined) return { kind: 'refused', problem: error as Refused };
      failures++;
      const afterMs = why === 'offline' ? backOff(failures) : NO_DESKTOP_AGAIN_MS;
      if (!everPainted) views.asking(attempt, why);
      await pause(afterMs, signal, everPainted ? (now) => views.lost(afterMs, now) : undefined);
      continue;
    }

    if (!everPainted) views.opening(attempt);
    const end = await connect(joined, known ? KNOWN_PATIENCE_MS : PATIENCE_MS, views, signal);
    if (signal.aborted) break;
    if (end.painted) {
      everPainted = true;
      failures = 0;
    } else if (!known) failures++;
    known = end.painted && joined.connection ? joined : undefined;
    const next = afterClose(end.code, failures);
    if (next.kind === 'stop') return { kind: 'trouble', trouble: next.trouble };
    why = 'tunnel_not_opening';
    if (!everPainted) views.asking(attempt, why);
    await pause(next.afterMs, signal, everPainted ? (now) => views.lost(next.afterMs, now) : undefined);
  }
  return { kind: 'left' };
}

/** Why it is worth asking again; undefined when it is not. */
function waitReason(error: unknown): WaitReason | undefined {
  if (!(error instanceof Refused)) throw error;
  if (error.code === 'no_free_desktop' || error.code === 'worker_not_answering') return error.code;
  return error.status === 0 || error.status >= 500 ? 'offline' : undefined;
}

/** Resolves when the link has closed. */
function connect(
  joined: Joined,
  patienceMs: number,
  views: SittingViews,
  signal: AbortSignal,
): Promise<{ code: number; painted: boolean }> {
  return new Promise((resolve) => {
    let painted = false;
    const stop = () => {
      link.close();
      resolve({ code: STATUS.success, painted });
    };
    const link = openLink({
      tunnelUrl: joined.tunnelUrl,
      pass: joined.connection ? { connection: joined.connection.token } : { token: joined.token },
      patienceMs,
      jwt: storedLogin()?.token ?? '',
      size: desktopSize(views.room()),
      room: () => views.room(),
      onPainted: () => {
        painted = true;
        views.painted(link, joined);
      },
      onSteady: (steady) => views.steady(steady),
      onTouched: () => views.touched(),
      onCopied: copyHere,
      onClosed: (code) => {
        signal.removeEventListener('abort', stop);
        resolve({ code, painted });
      },
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
