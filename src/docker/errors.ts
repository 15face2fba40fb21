import { EngineDown } from '../pool/ports.ts';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'EACCES',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
]);

/** The engine's HTTP status; undefined when the error is none of the engine's answers. */
export function statusOf(error: unknown): number | undefined {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** Runs an engine call; rises with EngineDown when nobody answered. */
export async function asking<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (typeof code === 'string' && UNREACHABLE.has(code)) {
      throw new EngineDown(`container engine does not answer (${code})`, { cause: error });
    }
    throw error;
  }
}

/** Runs a call for which these statuses are success too: what should be so is so already. */
export async function accepting<T>(statuses: readonly number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await asking(call);
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw error;
  }
}
