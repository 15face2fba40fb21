import type { IncomingMessage } from 'node:http';

/** What a browser that asks for a tunnel says of itself. All of it is a claim. */
export interface Visit {
  readonly query: URLSearchParams;
  /** Where it comes from. */
  readonly address: string;
}

/** @returns undefined when this is no request for a tunnel */
export function readVisit(request: IncomingMessage, path: string): Visit | undefined {
  const text = request.url ?? '';
  const url = URL.canParse(text, 'http://worker') ? new URL(text, 'http://worker') : undefined;
  if (url?.pathname !== path) return undefined;
  return { query: url.searchParams, address: request.socket.remoteAddress ?? '' };
}
