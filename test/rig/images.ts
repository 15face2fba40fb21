import { existsSync, readFileSync } from 'node:fs';

const FALLBACK: Record<string, string> = {
  NODE_IMAGE: 'vdi-local/node:24',
  REDIS_IMAGE: 'vdi-local/redis:7',
  GUACD_IMAGE: 'vdi-local/guacd:1.3-2',
  POSTGRES_IMAGE: 'vdi-local/postgres:15',
  EXAM_IMAGE_NAME: 'sot-exam-linux:latest',
};

/** An image by the name of its setting: from the environment, else what ./bootstrap-worker.sh found or made. */
export function imageReference(name: string): string {
  const file = new URL('../../.worker/images.env', import.meta.url);
  const line = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .find((text) => text.startsWith(`${name}=`))
    : undefined;
  const reference = process.env[name] || line?.slice(name.length + 1) || FALLBACK[name];
  if (!reference) throw new Error(`no image known for ${name}; run ./bootstrap-worker.sh up first`);
  return reference;
}
