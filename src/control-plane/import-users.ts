import type { UserStore } from './ports.ts';
import type { RowError, UserFile, UserRow } from './user-file.ts';

export interface ImportWish {
  /** What becomes of users who are there already: left as they are, or given what their row says. */
  readonly existing: 'keep' | 'update';
  /** All rows or none. */
  readonly all: boolean;
}

export interface ImportOutcome {
  readonly kind: 'imported' | 'refused' | 'given_up';
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly kept: number;
  readonly failed: number;
  readonly errors: readonly RowError[];
  readonly ignoredColumns: readonly string[];
}

/** As it is written: a password is there where one was given. */
export interface HashedRow {
  readonly key: string;
  readonly username: string;
  readonly name: string | undefined;
  readonly role: UserRow['role'];
  readonly passwordHash: string | undefined;
}

export interface Written {
  readonly created: number;
  readonly updated: number;
}

/**
 * How many passwords are hashed at once. One of the four threads that Node hashes on stays free for who logs in meanwhile.
 */
const AT_ONCE = 3;
/** Rows of one write, where not all are one. */
const PORTION = 30;

/**
 * Makes the users of a file. Hashing takes nearly all of the time, so everything that can be wrong with a row is found first.
 * @param signal whoever asked has gone: no more rows, those written stay
 */
export async function importUsers(
  { users, hash }: { readonly users: UserStore; hash(password: string): Promise<string> },
  file: UserFile,
  wish: ImportWish,
  told: { readonly signal: AbortSignal; progress(done: number, rows: number, taken: number): void },
): Promise<ImportOutcome> {
  const roles = await users.rolesOf(file.rows.map(({ key }) => key));
  const errors: RowError[] = [...file.errors];
  const toWrite: UserRow[] = [];
  let kept = 0;
  for (const row of file.rows) {
    const role = roles.get(row.key);
    const fail = (field: string, code: string, message: string) =>
      errors.push({ line: row.line, username: row.username, field, code, message });
    if (role === undefined && row.password === undefined)
      fail('password', 'password_missing', 'is missing: a new user needs one');
    else if (role !== undefined && wish.existing === 'keep') kept++;
    else if (role === 'ADMIN') fail('username', 'is_administrator', 'is an administrator: change that user by hand');
    else toWrite.push(row);
  }
  errors.sort((a, b) => a.line - b.line);
  const failed = new Set(errors.map(({ line }) => line)).size;
  const counts = { rows: file.rows.length + new Set(file.errors.map(({ line }) => line)).size, kept, failed, errors };
  const outcome = (kind: ImportOutcome['kind'], { created, updated }: Written): ImportOutcome => ({
    kind,
    ...counts,
    created,
    updated,
    ignoredColumns: file.ignoredColumns,
  });
  if (wish.all && errors.length > 0) return outcome('refused', { created: 0, updated: 0 });

  const written = { created: 0, updated: 0 };
  const portion = wish.all ? Math.max(1, toWrite.length) : PORTION;
  for (let at = 0; at < toWrite.length; at += portion) {
    const hashed = await hashAll(toWrite.slice(at, at + portion), hash, told.signal, (done) =>
      told.progress(at + done, toWrite.length, written.created + written.updated),
    );
    if (told.signal.aborted) return outcome('given_up', written);
    const { created, updated } = await users.putAll(hashed, wish.existing);
    written.created += created;
    written.updated += updated;
  }
  return outcome('imported', written);
}

async function hashAll(
  rows: readonly UserRow[],
  hash: (password: string) => Promise<string>,
  signal: AbortSignal,
  progress: (done: number) => void,
): Promise<HashedRow[]> {
  const hashed: HashedRow[] = [];
  const left = rows.values();
  const hashSome = async () => {
    for (const { key, username, name, role, password } of left) {
      if (signal.aborted) return;
      const passwordHash = password === undefined ? undefined : await hash(password);
      hashed.push({ key, username, name, role, passwordHash });
      progress(hashed.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hashSome));
  return hashed;
}
