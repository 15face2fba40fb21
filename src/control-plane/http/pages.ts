import { type Response, Router } from 'express';
import type { Asset } from '../web-assets.ts';

// Nothing inline, nothing from elsewhere. The tunnel is on the workers' own hosts and ports, so WebSockets may go
// anywhere; Guacamole draws images and cursors from data: and blob:.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGES: Readonly<Record<string, string>> = { '/': 'student.html', '/admin': 'admin.html', '/play': 'play.html' };

export function pageRoutes(assets: ReadonlyMap<string, Asset>): Router {
  const router = Router();
  router.get(Object.keys(PAGES), (request, response) => {
    send(response, assets.get(PAGES[request.path.replace(/(.)\/$/, '$1')] ?? ''));
  });
  router.get('/assets/:name', (request, response) => {
    const name = String(request.params.name);
    send(response, name.endsWith('.html') ? undefined : assets.get(name));
  });
  router.use((_request, response) => {
    response.status(404).type('text/plain').send('There is no such page.\n');
  });
  return router;
}

function send(response: Response, asset: Asset | undefined): void {
  response.set({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    // Asked again each time, answered with 304: an upgrade must not leave half an old page in a browser.
    'Cache-Control': 'no-cache',
  });
  if (!asset) {
    response.status(404).type('text/plain').send('There is no such page.\n');
    return;
  }
  response.set('ETag', asset.etag).type(asset.type).send(asset.body);
}
