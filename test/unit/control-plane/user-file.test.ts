import { describe, expect, it } from 'vitest';
import { readUserFile } from '../../../src/control-plane/user-file.ts';

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
      { line: 5, username: 'binh', field: 'password', message: 'must have at least 8 characters' },
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
      ].join('\n'),
    );
    expect(rows.map(({ line, key, password }) => [line, key, password])).toEqual([
      [4, 'binh', 'password1'],
      [8, 'dung', undefined],
    ]);
    expect(errors.map(({ line, field, message }) => `${line} ${field ?? ''} ${message}`)).toEqual([
      '2 username must be 1 to 64 letters, digits, dots, dashes, underscores, @ or +, without spaces',
      '3 role must be STUDENT or PROCTOR',
      '5  has 5 cells where the first line names 4: put what holds a comma into "quotes"',
      '6 username is on line 4 already',
      '7  a quote (") stands inside a cell: write it twice and quote the cell',
    ]);
  });
  it.each([
    ['without a line', '', 'is empty'],
    ['without a header', 'an,password1\n', 'names no column "username"'],
    ['with a column twice', 'username,password,password\n', 'password twice'],
    ['with a quote that is never closed', 'username,password\nan,"password1\nbinh,password2\n', 'never closed'],
    ['with a row without an end', `username,password\nan,${'x'.repeat(5000)}\n`, 'far too long'],
    ['with too many rows', `username,password\n${'a,b\n'.repeat(5001)}`, 'more than 5000 rows'],
  ])('%s is refused as a whole', (_rule, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
  it('in another encoding is refused as a whole, with what to do', () => {
    expect(() => readUserFile(Buffer.from('username,password,name\nan,password1,Nguy\xean', 'latin1'))).toThrow(
      'CSV UTF-8',
    );
  });
});
