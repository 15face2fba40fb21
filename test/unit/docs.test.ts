import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const withoutCode = (file: string): string => read(file).replaceAll(/```[\s\S]*?```/g, '');

const pages = [
  'README.md',
  'CHANGELOG.md',
  'exam-linux/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const guides = { English: 'docs/operations.md', Vietnamese: 'docs/vi/operations.md' } as const;

/** A heading's anchor, as GitHub and GitLab make it. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');

const anchors = (file: string): string[] =>
  [...withoutCode(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

function deadLinks(page: string): string[] {
  const links = [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(target).includes(anchor));
  });
}

test.each(pages)('every link of %s leads to a file and a heading that are there', (page) => {
  expect(deadLinks(page)).toEqual([]);
});

test('every decision that is named, in docs or code, is there', () => {
  const numbers = new Set(readdirSync(join(ROOT, 'docs/adr')).map((name) => Number(name.slice(0, 4))));
  const files = ['src', 'exam-linux', 'scripts', 'test', 'docs', 'docker', 'docker-compose.yml', 'README.md'];
  const named = execFileSync('grep', ['-rhoE', 'ADR [0-9]+|adr/[0-9]{4}', ...files], { cwd: ROOT, encoding: 'utf8' });
  const wanted = [...named.matchAll(/\d+/g)].map(Number);
  expect(wanted.length).toBeGreaterThan(50);
  expect([...new Set(wanted)].filter((number) => !numbers.has(number))).toEqual([]);
});

describe('the settings', () => {
  const inTemplate = [...read('.env.worker.example').matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  // Said on the command line, so not in the file.
  const onCommandLine = ['FORCE_REBUILD_EXAM_IMAGE', 'WORKER_ENV_FILE'];

  /** Name → default of each row of the guide's tables. */
  function documented(guide: string): Map<string, string> {
    const rows = [...read(guide).matchAll(/^\| ((?:`[A-Z][A-Z0-9_]*` ?)+)\| ([^|]*) \|/gm)];
    return new Map(
      rows.flatMap(([, names = '', fallback = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']): [string, string] => [name, fallback]),
      ),
    );
  }

  test.each(Object.entries(guides))('are in the %s guide, each of the template and no other', (_language, guide) => {
    const wanted = [...inTemplate.map(([, name]) => name), ...onCommandLine];
    expect([...documented(guide).keys()].sort()).toEqual(wanted.sort());
  });

  test('have the same figures for a default in both guides', () => {
    const figures = (guide: string) =>
      [...documented(guide)].map(([name, fallback]) => [name, fallback.match(/\d[\d.]*/g)?.join(' ') ?? '']);
    expect(figures(guides.Vietnamese)).toEqual(figures(guides.English));
  });

  test('have in the English guide the default that the template has', () => {
    const told = documented(guides.English);
    const differs = inTemplate.filter(([, name = '', value = '']) => {
      const [first = ''] = (told.get(name) ?? '').split(' (');
      return /^[\d.]+$/.test(value) && !first.split(', ').includes(value);
    });
    expect(differs.map(([line]) => line)).toEqual([]);
  });
});

test('every setting that the code reads is in the template, or is one of the containers’ own', () => {
  const own = [
    'BACKEND_URL',
    'CONTROL_PLANE_PORT',
    'DOCKER_SOCKET',
    'EXAM_NETWORK',
    'GUACD_HOST',
    'GUACD_PORT',
    'HEARTBEAT_HOST',
    'OUTBOX_DIR',
    'RECORDING_DIR',
    'REDIS_URL',
    'WORKER_PORT',
  ];
  const sources = [
    ...readdirSync(join(ROOT, 'src')).filter((name) => name.startsWith('config')),
    'control-plane/settings.ts',
  ];
  const fields = sources.flatMap((name) =>
    [...read(`src/${name}`).matchAll(/^ +(?:\.\.\. *)?([A-Z][A-Z0-9]*_[A-Z0-9_]+|TZ): (?!env\.|`)/gm)].map(
      ([, field = '']) => field,
    ),
  );
  expect(fields.length).toBeGreaterThan(70);
  const known = new Set([...read('.env.worker.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name));
  expect([...new Set(fields)].filter((field) => !known.has(field)).sort()).toEqual(own);
});

describe('the guide in two languages', () => {
  const headings = (guide: string): string[] => withoutCode(guide).match(/^#+ /gm) ?? [];
  const code = (guide: string): string[] =>
    [...read(guide).matchAll(/^(?:FORCE_\w+=\w+ )?\.\/[a-z-]+\.sh(?: --?[a-z-]+| [a-z]+)*/gm)].map(([line]) => line);

  test('has the same headings, level by level', () => {
    expect(headings(guides.Vietnamese)).toEqual(headings(guides.English));
  });

  test('has the same commands in its blocks', () => {
    expect(code(guides.Vietnamese)).toEqual(code(guides.English));
  });

  test('has tables of the same length', () => {
    const lengths = (guide: string) =>
      (withoutCode(guide).match(/(?:^\|.*\n)+/gm) ?? []).map((table) => table.split('\n').length);
    expect(lengths(guides.Vietnamese)).toEqual(lengths(guides.English));
  });
});
