import { clockOffset } from './countdown.ts';

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

export const logIn = (username: string, password: string): Promise<Login> =>
  keepLogin('/auth/login', { username, password });

/** Logins made with the old password end; this one goes on with a token of its own. */
export const changePassword = (currentPassword: string, newPassword: string): Promise<Login> =>
  keepLogin('/auth/password', { currentPassword, newPassword });

async function keepLogin(path: string, secrets: object): Promise<Login> {
  const answer = await call<{ access_token: string; user: Person }>('POST', path, secrets);
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
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const login = storedLogin();
  const send = () =>
    fetch(`/api${path}`, {
      method,
      headers: { ...authorization(), ...(body ? { 'content-type': 'application/json' } : {}) },
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
  // The password was changed while this was on its way: it was refused for a login that is not ours any more.
  if (response.status === 401 && login && storedLogin() && storedLogin()?.token !== login.token)
    return call(method, path, body, signal);
  if (!response.ok) throw refused(response.status, text);
  return parse(text) as T;
}

/** An answer that goes on for as long as it is read. It stands in for EventSource, which can send no login of ours. */
export async function openStream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const headers = { ...authorization(), accept: 'text/event-stream' };
  const response = await fetch(`/api${path}`, { headers, signal });
  offset = clockOffset(response.headers.get('date'), Date.now());
  if (!response.ok || !response.body) throw refused(response.status, await response.text());
  return response.body;
}

/** Sends a file; the answer comes in lines of JSON while the server works through it, which it stops when `signal` says so. */
export async function sendFile(
  path: string,
  file: File,
  onLine: (line: Record<string, unknown>) => void,
  signal: AbortSignal,
): Promise<void> {
  const headers = { ...authorization(), 'content-type': 'text/csv', accept: 'application/x-ndjson' };
  const response = await fetch(`/api${path}`, { method: 'POST', headers, body: file, signal }).catch(() => {
    throw new Refused(0, 'offline', {});
  });
  if (!response.ok || !response.body) throw refused(response.status, await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value = '' } = await reader.read().catch(() => {
      throw new Refused(0, 'offline', {});
    });
    const lines = (rest + value + (done ? '\n' : '')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(parse(line));
    if (done) return;
  }
}

function authorization(): Record<string, string> {
  const login = storedLogin();
  return login ? { authorization: `Bearer ${login.token}` } : {};
}

function refused(status: number, text: string): Refused {
  const answer = parse(text);
  return new Refused(status, String(answer.error ?? 'internal'), answer);
}

// A proxy's error page is no JSON.
function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
