import { clockOffset } from './countdown.ts';
import { t } from './language.ts';
import { isTextKey } from './texts.ts';

export interface Person {
  readonly id: number;
  readonly username: string;
  readonly role: 'ADMIN' | 'PROCTOR' | 'STUDENT';
}

export interface Login {
  readonly token: string;
  readonly user: Person;
}

/** The server said no, or could not be reached (status 0). `code` is what programs look at. */
export class Refused extends Error {
  override name = 'Refused';
  readonly status: number;
  readonly code: string;
  readonly answer: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, answer: Readonly<Record<string, unknown>>) {
    super(String(answer.message ?? code));
    this.status = status;
    this.code = code;
    this.answer = answer;
  }
}

const STORED = 'vdi.login';
// A desktop's answer may rightly take the server four times its own 15 s; longer is a network that is gone.
const PATIENCE_MS = 75_000;

// In sessionStorage: it ends with the tab, on machines that many people use.
export function storedLogin(): Login | undefined {
  const stored = sessionStorage.getItem(STORED);
  return stored ? (JSON.parse(stored) as Login) : undefined;
}

export function forgetLogin(): void {
  sessionStorage.removeItem(STORED);
}

let offset = 0;

/** Now by the server's clock: a wrong clock in the room must not cost anybody minutes of an exam. */
export function serverNow(): number {
  return Date.now() + offset;
}

export async function logIn(username: string, password: string): Promise<Login> {
  const answer = await call<{ access_token: string; user: Person }>('POST', '/auth/login', { username, password });
  const login = { token: answer.access_token, user: answer.user };
  sessionStorage.setItem(STORED, JSON.stringify(login));
  return login;
}

export async function call<T>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  signal?: AbortSignal,
): Promise<T> {
  const login = storedLogin();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const send = () =>
    fetch(`/api${path}`, {
      method,
      headers: {
        ...(login ? { authorization: `Bearer ${login.token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
  // Asked again at once where twice does no harm: a request in flight is lost whenever the machine's network changes.
  const harmless = method === 'GET' || path === '/auth/login';
  let response: Response;
  let text: string;
  try {
    response = await send().catch((error: unknown) => {
      if (!harmless || signal?.aborted) throw error;
      return send();
    });
    text = await response.text();
    offset = clockOffset(response.headers.get('date'), Date.now());
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, 'offline', {});
  }
  const answer = parse(text);
  if (!response.ok) throw new Refused(response.status, String(answer.error ?? 'internal'), answer);
  return answer as T;
}

// A proxy's error page is no JSON.
function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What to tell the person, in their language; the server's own words for what this page has none for. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Refused)) return t('internal');
  const { answer, code } = error;
  if (!isTextKey(code)) return error.message;
  return t(code, { seconds: Number(answer.retryAfterSec ?? 0), message: String(answer.message ?? '') });
}
