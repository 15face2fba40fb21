import type { WorkerMetadata } from './worker-node.ts';

export interface PageAddress {
  readonly hostname: string;
  readonly secure: boolean;
}

/**
 * Where the student's browser finds the worker: what the worker says of itself; else the page's own host on the worker's
 * public port (one machine); else the address that we call it by.
 */
export function tunnelUrl(metadata: WorkerMetadata, apiBaseUrl: string, page: PageAddress): string {
  const own = metadata.tunnelUrl;
  if (typeof own === 'string' && /^wss?:\/\//.test(own)) return own.replace(/\/+$/, '');

  const port = Number(metadata.publicPort);
  if (Number.isInteger(port) && port > 0) {
    const host = page.hostname.includes(':') && !page.hostname.startsWith('[') ? `[${page.hostname}]` : page.hostname;
    return `${page.secure ? 'wss' : 'ws'}://${host}:${port}`;
  }
  return apiBaseUrl.replace(/^http/, 'ws').replace(/\/+$/, '');
}
