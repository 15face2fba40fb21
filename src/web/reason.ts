import { Refused } from './api.ts';
import { type Fill, said, showPlain } from './language.ts';
import { isTextKey } from './texts.ts';

/** One thing that is wrong with a field or a row, as the server tells it. */
export interface Wrong {
  readonly code?: string | null;
  readonly values?: Fill | null;
  readonly message: string;
}

/** Why something did not work, in words that follow the language switch; the server's own for what this page has none for. */
export function reasonSaid(error: unknown): HTMLElement {
  if (!(error instanceof Refused)) return said('internal');
  const { code, answer } = error;
  const [first] = fieldsOf(error);
  if (first?.code) return wrongSaid(first);
  const key = [`${code}_${answer.why}`, code].find(isTextKey);
  return key ? said(key, fillOf(error)) : plain(error.message);
}

export function wrongSaid({ code, values, message }: Wrong): HTMLElement {
  const key = `bad_${code}`;
  return isTextKey(key) ? said(key, values ?? {}) : plain(message);
}

/** The fields that the server named, the first first. */
export function fieldsOf(error: unknown): readonly (Wrong & { readonly field: string })[] {
  const fields = error instanceof Refused ? error.answer.fields : undefined;
  return Array.isArray(fields) ? fields : [];
}

function fillOf({ answer }: Refused): Fill {
  const { retryAfterSec, message, startTime, endTime, values } = answer;
  return {
    seconds: Number(retryAfterSec ?? 0),
    message: String(message ?? ''),
    ...(startTime ? { start: String(startTime) } : {}),
    ...(endTime ? { end: String(endTime) } : {}),
    ...(values as Fill | undefined),
  };
}

function plain(text: string): HTMLElement {
  const span = document.createElement('span');
  showPlain(span, text);
  return span;
}
