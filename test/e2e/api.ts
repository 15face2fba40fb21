import { target } from './browser.ts';

let token: string | undefined;

/** The administrator by the console's API, for what a test must set up beside the page. */
export async function asAdmin<T>(method: string, path: string, body?: object): Promise<T> {
  token ??= await login();
  const response = await fetch(`${target.consoleUrl}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function login(): Promise<string> {
  const response = await fetch(`${target.consoleUrl}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: target.adminPassword }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
