import { describe, expect, it } from 'vitest';
import { readUserFile, UnreadableFile } from '../../../src/control-plane/user-file.ts';

const read = (text: string) => readUserFile(Buffer.from(text));
const row = { line: 2, key: 'an', username: 'an', password: 'password1', name: undefined, role: undefined };

describe('a file of users', () => {
  it('gives its rows, whatever wrote it: comma, semicolon, tab, CRLF, byte order mark, sep=', () => {
    const lines = ['username,password,name,role', 'an,password1,Nguyễn Văn An,student', 'binh,password2,,PROCTOR'];
    const expected = [
      { ...row, name: 'Nguyễn Văn An', role: 'STUDENT' },
      { line: 3, key: 'binh', username: 'binh', password: 'password2', name: undefined, role: 'PROCTOR' },
    ];
    const semicolons = lines.join('\r\n').replaceAll(',', ';');
    const tabs = lines.join('\n').replaceAll(',', '\t');
    for (const text of [lines.join('\n'), `${lines.join('\r\n')}\r\n`, `\ufeff${semicolons}`, tabs]) {
      expect(read(text)).toEqual({ rows: expected, errors: [], ignoredColumns: [] });
    }
    expect(read(`sep=;\r\n${semicolons}`).rows.map(({ key }) => key)).toEqual(['an', 'binh']);
    expect(readUserFile(Buffer.from(`\ufeff${tabs}`, 'utf16le')).rows).toEqual(expected);
  });
  it('takes cells in quotes with commas, quotes and line ends, and counts lines over them', () => {
    const { rows, errors } = read('username,password,name\nan,"pass,""word""","Nguyễn\nVăn An"\n\nbinh,short\n');
    expect(rows).toEqual([{ ...row, password: 'pass,"word"', name: 'Nguyễn Văn An' }]);
    expect(errors).toEqual([
      {
        line: 5,
        username: 'binh',
        field: 'password',
        code: 'password_too_short',
        message: 'must have at least 8 characters',
      },
    ]);
  });
  it('takes Vietnamese letters in either form as one', () => {
    const { rows } = read('username,password,name\nBình,password1,Bình\n'.normalize('NFD'));
    expect(rows).toEqual([{ ...row, key: 'bình', username: 'Bình', name: 'Bình' }]);
  });
  it('finds the columns by their names, and names those that it does not know', () => {
    const { rows, ignoredColumns } = read('Lớp,PASSWORD,Username\nK62,password1,an\n');
    expect(rows).toEqual([row]);
    expect(ignoredColumns).toEqual(['Lớp']);
  });
  it('leaves empty rows out', () => expect(read('username;password\n;;\nan;password1\n;\n').rows).toHaveLength(1));
  it('says of each row what is wrong with it, and takes the others', () => {
    const { rows, errors } = read(
      [
        'username,password,name,role',
        'two words,password1,,',
        'an,password1,,ADMIN',
        'binh,password1,,',
        'Bình,password1,a,b,c',
        'BINH,password1,,',
        'chi,pass"word1,,',
        'dung,,,STUDENT',
        `em,${'x'.repeat(201)},${'y'.repeat(201)},`,
        'giang,"pass\tword",,',
      ].join('\n'),
    );
    expect(rows.map(({ line, key, password }) => [line, key, password])).toEqual([
      [4, 'binh', 'password1'],
      [8, 'dung', undefined],
    ]);
    const told = errors.map(({ line, field, code, values }) => [line, field, code, values]);
    expect(told).toEqual([
      [2, 'username', 'username_invalid', undefined],
      [3, 'role', 'role_unknown', undefined],
      [5, undefined, 'too_many_cells', { cells: 5, columns: 4 }],
      [6, 'username', 'username_twice', { line: 4 }],
      [7, undefined, 'quote_in_cell', undefined],
      [9, 'password', 'password_too_long', undefined],
      [9, 'name', 'name_too_long', undefined],
      [10, 'password', 'password_odd', undefined],
    ]);
    expect(errors.slice(0, 5).map(({ message }) => message)).toEqual([
      'must be 1 to 64 letters, digits, dots, dashes, underscores, @ or +, without spaces',
      'must be STUDENT or PROCTOR',
      'has 5 cells where the first line names 4: put what holds a comma into "quotes"',
      'is on line 4 already',
      'a quote (") stands inside a cell: write it twice and quote the cell',
    ]);
  });
  it.each<[string, string, string, Record<string, string | number>, string]>([
    ['without a line', '', 'empty', {}, 'is empty'],
    ['without a header', 'an,password1\n', 'column_missing', { column: 'username' }, 'names no column "username"'],
    ['with a column twice', 'username,password,password\n', 'column_twice', { column: 'password' }, 'password twice'],
    [
      'with a quote that is never closed',
      'username,password\nan,"password1\nbinh,password2\n',
      'quote_open',
      { line: 4 },
      'never closed',
    ],
    [
      'with a row without an end',
      `username,password\nan,${'x'.repeat(5000)}\n`,
      'quote_open',
      { line: 3 },
      'far too long',
    ],
    [
      'with too many rows',
      `username,password\n${'a,b\n'.repeat(5001)}`,
      'too_many_rows',
      { most: 5000 },
      'more than 5000 rows',
    ],
  ])('%s is refused as a whole', (_rule, text, why, values, message) => {
    const refusal = refusalOf(() => read(text));
    expect([refusal.why, refusal.values]).toEqual([why, values]);
    expect(refusal.message).toContain(message);
  });
  it('in another encoding is refused as a whole, with what to do', () => {
    const refusal = refusalOf(() =>
      readUserFile(Buffer.from('username,password,name\nan,password1,Nguy\xean', 'latin1')),
    );
    expect([refusal.why, refusal.message]).toEqual(['not_utf8', expect.stringContaining('CSV UTF-8')]);
  });
});

function refusalOf(run: () => unknown): UnreadableFile {
  try {
    run();
  } catch (error) {
    if (error instanceof UnreadableFile) return error;
    throw error;
  }
  throw new Error('it was read');
}
