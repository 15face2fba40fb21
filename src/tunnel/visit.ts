import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import { addressOf } from '../callers/address.ts';

/** What a browser that asks for a tunnel says of itself. All of it is a claim, but the address. */
export interface Visit {
  readonly query: URLSearchParams;
  /** Where it comes from. */
  readonly address: string;
  /** The page that it was opened from; a program that is no browser may send none. */
  readonly origin: string | undefined;
  /** The user's login, where the query has none and a cookie may stand in. */
  readonly cookie: string | undefined;
}

export interface VisitRules {
  /** Networks of the proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: BlockList;
  /** Name of the cookie that may hold the login. */
  readonly jwtCookie: string;
}

/** @returns undefined when this is no request for a tunnel */
export function readVisit(request: IncomingMessage, path: string, rules: VisitRules): Visit | undefined {
  const text = request.url ?? '';
  const url = URL.canParse(text, 'http://worker') ? new URL(text, 'http://worker') : undefined;
  if (url?.pathname !== path) return undefined;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '');
  return {
    query: url.searchParams,
    address: addressOf(request.socket.remoteAddress ?? '', forwarded, rules.trustedProxies),
    origin: request.headers.origin,
    cookie: cookieOf(request.headers.cookie ?? '', rules.jwtCookie),
  };
}

function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
