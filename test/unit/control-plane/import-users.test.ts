import { describe, expect, it } from 'vitest';
import { type HashedRow, type ImportWish, importUsers } from '../../../src/control-plane/import-users.ts';
import type { Role } from '../../../src/control-plane/login-token.ts';
import type { UserStore } from '../../../src/control-plane/ports.ts';
import { readUserFile } from '../../../src/control-plane/user-file.ts';

const FILE = 'username,password\nan,password1\nnew,password2\nadmin,password3\nshort,x\n';

/** A store that knows `an` and `admin`, and what was written to it. */
async function run(
  wish: Partial<ImportWish>,
  text = FILE,
  signal = new AbortController().signal,
  onHash: () => void = () => undefined,
) {
  const written: HashedRow[][] = [];
  const known = new Map<string, Role>([
    ['an', 'STUDENT'],
    ['admin', 'ADMIN'],
  ]);
  const store = {
    rolesOf: async () => known,
    putAll: async (rows: readonly HashedRow[]) => {
      written.push([...rows]);
      return {
        created: rows.filter(({ key }) => !known.has(key)).length,
        updated: rows.filter(({ key }) => known.has(key)).length,
      };
    },
  } as Partial<UserStore> as UserStore;
  const progress: number[] = [];
  const takenThen: number[] = [];
  const file = readUserFile(Buffer.from(text));
  const whole = { existing: 'keep', all: false, ...wish } as const;
  const hash = async (password: string) => {
    onHash();
    return `hashed ${password}`;
  };
  const ports = { users: store, hash };
  const outcome = await importUsers(ports, file, whole, {
    signal,
    progress: (done, _rows, taken) => {
      progress.push(done);
      takenThen.push(taken);
    },
  });
  return {
    outcome,
    progress,
    taken: takenThen.at(-1),
    portions: written.map((rows) => rows.map(({ key }) => key).sort()),
  };
}

describe('an import', () => {
  it('makes who is new, leaves who is there as he is, and tells what was wrong', async () => {
    const { outcome, portions } = await run({});
    expect(outcome).toMatchObject({ kind: 'imported', rows: 4, created: 1, updated: 0, kept: 2, failed: 1 });
    expect(outcome.errors.map(({ line }) => line)).toEqual([5]);
    expect(portions).toEqual([['new']]);
  });
  it('changes who is there when told to, and never an administrator', async () => {
    const { outcome, portions } = await run({ existing: 'update' });
    expect(outcome).toMatchObject({ created: 1, updated: 1, kept: 0, failed: 2 });
    expect(outcome.errors.map(({ line, field, code }) => [line, field, code])).toEqual([
      [4, 'username', 'is_administrator'],
      [5, 'password', 'password_too_short'],
    ]);
    expect(portions).toEqual([['an', 'new']]);
  });
  it('of all or none writes nothing while one row is wrong', async () => {
    const { outcome, portions, progress } = await run({ all: true });
    expect(outcome).toMatchObject({ kind: 'refused', created: 0, updated: 0, failed: 1 });
    expect([portions, progress]).toEqual([[], []]);
  });
  it('of all or none writes all rows at once', async () => {
    const text = `username,password\n${Array.from({ length: 31 }, (_, at) => `s${at},password1\n`).join('')}`;
    const whole = await run({ all: true }, text);
    expect(whole.portions.map(({ length }) => length)).toEqual([31]);
    const inParts = await run({}, text);
    expect(inParts.portions.map(({ length }) => length)).toEqual([30, 1]);
    expect([inParts.progress.at(-1), inParts.taken, whole.taken]).toEqual([31, 30, 0]);
  });
  it('asks a password of a new user, and none of one who is there', async () => {
    const { outcome } = await run({ existing: 'update' }, 'username,password,name\nan,,Văn An\nnew,,Bình\n');
    expect(outcome).toMatchObject({ updated: 1, created: 0, failed: 1 });
    expect(outcome.errors).toEqual([
      {
        line: 3,
        username: 'new',
        field: 'password',
        code: 'password_missing',
        message: 'is missing: a new user needs one',
      },
    ]);
  });
  it('ends when whoever asked has gone', async () => {
    const { outcome, portions } = await run({}, FILE, AbortSignal.abort());
    expect([outcome.kind, portions]).toEqual(['given_up', []]);
  });
  it.each([
    { all: false, created: 30 },
    { all: true, created: 0 },
  ])('that is left half way hashes no more rows; with all=$all $created are written', async ({ all, created }) => {
    const leaving = new AbortController();
    let hashed = 0;
    const text = `username,password\n${Array.from({ length: 90 }, (_, at) => `s${at},password1\n`).join('')}`;
    const { outcome, portions } = await run({ all }, text, leaving.signal, () => {
      if (++hashed === 35) leaving.abort();
    });
    expect(outcome).toMatchObject({ kind: 'given_up', rows: 90, created });
    expect(portions.flat()).toHaveLength(created);
    expect(hashed).toBeLessThan(40);
  });
});
