/** What went wrong, in words. A refused connection to a name with two addresses is an error of errors without any. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String(Reflect.get(error, 'code') ?? error.name);
}
