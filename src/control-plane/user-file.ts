import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { codeOf } from './field-rule.ts';
import type { Role } from './login-token.ts';
import { passwordField, personField, roleField, usernameField, usernameKey } from './user.ts';

/** A row that can be taken. What its cell left empty is undefined. */
export interface UserRow {
  readonly line: number;
  readonly key: string;
  readonly username: string;
  readonly password?: string | undefined;
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
}

/** What is wrong with a row. Pages that have words of their own for the code put the values into them. */
export interface RowError {
  readonly line: number;
  readonly username?: string;
  /** The column, where it is about one. */
  readonly field?: string;
  readonly code: string;
  readonly values?: Readonly<Record<string, number>>;
  readonly message: string;
}

export interface UserFile {
  readonly rows: readonly UserRow[];
  readonly errors: readonly RowError[];
  /** Columns that mean nothing here: a misspelt one would otherwise be missed in silence. */
  readonly ignoredColumns: readonly string[];
}

type Unreadable = 'empty' | 'column_twice' | 'column_missing' | 'too_many_rows' | 'quote_open' | 'not_utf8';

/** The file as a whole cannot be read; the message says what to do. */
export class UnreadableFile extends Error {
  override name = 'UnreadableFile';
  readonly why: Unreadable;
  readonly values: Readonly<Record<string, string | number>>;

  constructor(why: Unreadable, message: string, values: Readonly<Record<string, string | number>> = {}) {
    super(message);
    this.why = why;
    this.values = values;
  }
}

export const MOST_ROWS = 5000;
const MOST_CHARACTERS_A_ROW = 2000;
const COLUMNS = ['username', 'password', 'name', 'role'] as const;

// An empty cell says nothing.
const said = <T extends z.ZodType>(field: T) =>
  z.preprocess((cell) => (cell === '' ? undefined : cell), field.optional());
const row = z.object({
  username: usernameField,
  password: said(passwordField),
  name: said(personField),
  // An administrator is made by hand: a list that was mixed up must not hand out the console.
  role: said(
    z
      .string()
      .transform((text) => text.trim().toUpperCase())
      .pipe(roleField(['STUDENT', 'PROCTOR'])),
  ),
});

/** Reads what Excel and others write: UTF-8 or UTF-16, commas, semicolons or tabs, any line end, quoted cells. */
export function readUserFile(bytes: Uint8Array): UserFile {
  const text = textOf(bytes).replace(/^sep=.\r?\n/i, '');
  const { records, errors } = split(text);
  const header = records.shift();
  if (!header)
    throw new UnreadableFile(
      'empty',
      'The file is empty. Its first line must name the columns: username,password,name,role',
    );
  const names = header.cells.map((cell) => cell.trim().toLowerCase());
  for (const needed of ['username', 'password'] as const) {
    if (names.indexOf(needed) !== names.lastIndexOf(needed))
      throw new UnreadableFile('column_twice', `The first line names the column ${needed} twice.`, { column: needed });
    if (!names.includes(needed))
      throw new UnreadableFile(
        'column_missing',
        `The first line names no column "${needed}". It must be: username,password,name,role`,
        { column: needed },
      );
  }
  if (records.length > MOST_ROWS)
    throw new UnreadableFile(
      'too_many_rows',
      `The file has more than ${MOST_ROWS} rows. Split it and import the parts.`,
      { most: MOST_ROWS },
    );
  return {
    ...readRows(records, names, errors),
    ignoredColumns: header.cells.filter((_, index) => !COLUMNS.some((column) => column === names[index])),
  };
}

interface Line {
  readonly line: number;
  readonly cells: readonly string[];
}

function readRows(records: readonly Line[], names: readonly string[], unreadable: readonly RowError[]) {
  const rows: UserRow[] = [];
  const errors = [...unreadable];
  const firstLineOf = new Map<string, number>();
  for (const { line, cells } of records) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    const said = Object.fromEntries(COLUMNS.map((column) => [column, cells[names.indexOf(column)] ?? '']));
    const username = (said.username ?? '').trim();
    const fail = (wrong: Omit<RowError, 'line' | 'username'>) =>
      errors.push({ line, ...(username ? { username } : {}), ...wrong });
    if (cells.length > names.length) {
      fail({
        code: 'too_many_cells',
        values: { cells: cells.length, columns: names.length },
        message: `has ${cells.length} cells where the first line names ${names.length}: put what holds a comma into "quotes"`,
      });
      continue;
    }
    const read = row.safeParse(said);
    if (!read.success) {
      for (const issue of read.error.issues)
        fail({ field: issue.path.join('.'), code: codeOf(issue) ?? issue.code, message: issue.message });
      continue;
    }
    const key = usernameKey(read.data.username);
    const first = firstLineOf.get(key);
    if (first !== undefined) {
      const message = `is on line ${first} already`;
      fail({ field: 'username', code: 'username_twice', values: { line: first }, message });
    } else rows.push({ line, key, ...read.data });
    firstLineOf.set(key, first ?? line);
  }
  return { rows, errors: errors.sort((a, b) => a.line - b.line) };
}

function split(text: string): { records: Line[]; errors: RowError[] } {
  const errors: RowError[] = [];
  try {
    const found = parse(text, {
      delimiter: delimiterOf(text),
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
      max_record_size: MOST_CHARACTERS_A_ROW,
      skip_records_with_error: true,
      on_skip: (error) => {
        // Beyond it nobody knows where a row ends.
        if (error?.code === 'CSV_QUOTE_NOT_CLOSED' || error?.code === 'CSV_MAX_RECORD_SIZE') throw error;
        errors.push({
          line: Number(error?.lines),
          code: 'quote_in_cell',
          message: 'a quote (") stands inside a cell: write it twice and quote the cell',
        });
        return undefined;
      },
    }) as unknown as { info: { lines: number }; record: string[] }[];
    const records = found.map(({ info, record }) => ({
      // Told is the line on which it ends.
      line: info.lines - (record.join('').match(/\n/g)?.length ?? 0),
      cells: record,
    }));
    return { records, errors };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines) + 1;
    throw new UnreadableFile(
      'quote_open',
      `Somewhere before line ${line} a quote (") is opened and never closed, or a row is far too long. Nothing was read.`,
      { line },
    );
  }
}

/** What most often stands between the cells of the first line: Excel writes semicolons where the comma is for decimals. */
function delimiterOf(text: string): string {
  const first = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const count = (mark: string) => first.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

function textOf(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    // The byte order mark is not part of the text: the decoder takes it off.
    return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile('not_utf8', 'The file is not UTF-8. In Excel: Save as, "CSV UTF-8 (Comma delimited)".');
  }
}
