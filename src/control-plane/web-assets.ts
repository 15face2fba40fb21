import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly body: string;
  readonly etag: string;
}

const WEB = new URL('../web/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = { '.html': 'html', '.css': 'css', '.svg': 'svg' };

/**
 * Everything that the pages consist of, read once at the start. The browser gets the same TypeScript files that the
 * compiler checks, with their types blanked out: no build step, and line numbers in the browser are those of the source.
 */
export async function readWebAssets(): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const file of (await readdir(WEB)).sort()) {
    if (file.endsWith('.d.ts')) continue;
    const text = await readFile(new URL(file, WEB), 'utf8');
    const type = TYPES[extname(file)];
    if (type) assets.set(file, asset(type, text));
    else if (file.endsWith('.ts')) assets.set(file.replace(/\.ts$/, '.js'), asset('js', forBrowser(text)));
  }
  const guacamole = await readFile(fileURLToPath(import.meta.resolve('guacamole-common-js')), 'utf8');
  assets.set('guacamole-common.js', asset('js', guacamole));
  return assets;
}

/** Types away, and imports by the names that the browser asks for. */
export function forBrowser(source: string): string {
  return stripTypeScriptTypes(source)
    .replaceAll(/(from\s+')(\.\/[\w-]+)\.ts'/g, "$1$2.js'")
    .replaceAll(/(from\s+')guacamole-common-js'/g, "$1/assets/guacamole-common.js'");
}

function asset(type: string, body: string): Asset {
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
