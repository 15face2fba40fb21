import { describe, expect, test } from 'vitest';
import { Borders } from '../../../src/tunnel/borders.ts';
import { encode, type Instruction } from '../../../src/tunnel/instruction.ts';
import { Inward } from '../../../src/tunnel/inward.ts';
import { Outward } from '../../../src/tunnel/outward.ts';
import { CLIPBOARDS, CLOSED, studentRights, WATCHER } from '../../../src/tunnel/policy.ts';
import { joinSettings, rdpSettings } from '../../../src/tunnel/rdp-settings.ts';

describe('what may pass to guacd where nothing is set', () => {
  test.each<[string, Instruction, boolean, boolean]>([
    ['a key', ['key', '65', '1'], true, false],
    ['the mouse', ['mouse', '1', '2', '0'], true, false],
    ['a sync', ['sync', '1'], true, false],
    ['an ack', ['ack', '0', 'OK', '0'], true, false],
    ['a nop', ['nop'], true, true],
    ['the end', ['disconnect'], true, true],
    ['a window within the limits', ['size', '1600', '900'], true, false],
    ['a window too small', ['size', '100', '900'], false, false],
    ['a window too large', ['size', '7681', '900'], false, false],
    ['a window that is no number', ['size', 'wide', 'high'], false, false],
    ['a window of halves', ['size', '800.5', '600'], false, false],
    ['a window without height', ['size', '800'], false, false],
    ['the clipboard', ['clipboard', '0', 'text/plain'], false, false],
    ['a file', ['file', '0', 'text/plain', 'a'], false, false],
    ['a pipe', ['pipe', '0', 'text/plain', 'a'], false, false],
    ['data of any stream', ['blob', '0', 'AAAA'], false, false],
    ['sound', ['audio', '0', 'audio/L16'], false, false],
    ['a changed argument', ['argv', '0', 'text/plain', 'hostname'], false, false],
    ['a new connection', ['select', 'rdp'], false, false],
    ['the handshake', ['connect', '8.8.8.8'], false, false],
    ['a file system', ['get', '0', '/'], false, false],
    ['what nobody knows', ['KEY', '65', '1'], false, false],
  ])('%s: %j by the student %s, by a watcher %s', (_what, each, student, watcher) => {
    expect(new Inward(studentRights(CLOSED)).mayPass(each)).toBe(student);
    expect(new Inward(WATCHER).mayPass(each)).toBe(watcher);
  });
});

const PASTE: Instruction[] = [
  ['clipboard', '3', 'text/plain'],
  ['blob', '3', 'AAAA'],
  ['end', '3'],
];
const passed = (inward: Inward, instructions: readonly Instruction[]): boolean[] =>
  instructions.map((instruction) => inward.mayPass(instruction));

describe('text into the desktop', () => {
  test.each(CLIPBOARDS)('clipboard %s: a paste passes whole or not at all', (clipboard) => {
    const may = clipboard === 'in' || clipboard === 'both';
    expect(passed(new Inward(studentRights({ clipboard })), PASTE)).toEqual([may, may, may]);
  });
  test('never from a watcher', () => {
    expect(passed(new Inward(WATCHER), PASTE)).toEqual([false, false, false]);
  });
  test('a file’s or a pipe’s parts do not pass as parts of a paste', () => {
    const inward = new Inward(studentRights({ clipboard: 'both' }));
    inward.mayPass(['clipboard', '3', 'text/plain']);
    const file: Instruction[] = [
      ['file', '4', 'text/plain', 'a'],
      ['blob', '4', 'AAAA'],
      ['end', '4'],
    ];
    expect(passed(inward, file)).toEqual([false, false, false]);
    expect(passed(inward, PASTE.slice(1))).toEqual([true, true]);
    expect(passed(inward, PASTE.slice(1))).toEqual([false, false]);
  });
  test('only text', () => {
    const inward = new Inward(studentRights({ clipboard: 'in' }));
    expect(inward.mayPass(['clipboard', '3', 'image/png'])).toBe(false);
  });
  test('no more than guacd keeps, without a hole in it, and not many at once', () => {
    const inward = new Inward(studentRights({ clipboard: 'in' }));
    inward.mayPass(['clipboard', '3', 'text/plain']);
    const part: Instruction = ['blob', '3', 'A'.repeat(40_000)];
    const parts = passed(inward, Array(12).fill(part));
    expect(parts.lastIndexOf(true)).toBe(parts.indexOf(false) - 1);
    expect(parts.filter(Boolean).length * 40_000).toBeLessThanOrEqual(350_000);
    expect(inward.mayPass(['blob', '3', 'AAAA'])).toBe(false);
    expect(inward.mayPass(['end', '3'])).toBe(true);
    const opened = passed(
      inward,
      Array.from({ length: 9 }, (_, stream): Instruction => ['clipboard', String(stream), 'text/plain']),
    );
    expect(opened.filter(Boolean)).toHaveLength(4);
  });
});

/** What passes of a message, with its borders found as the relay finds them. */
const heardOf = (outward: Outward, message: Buffer): Buffer => {
  const borders = new Borders();
  borders.push(message);
  return outward.pass(message, borders);
};

describe('text out of the desktop', () => {
  const say = (...instructions: Instruction[]): Buffer => Buffer.from(instructions.map(encode).join(''));
  const picture: Instruction[] = [
    ['img', '1', '14', '0', 'image/png', '0', '0'],
    ['blob', '1', 'BBBB'],
    ['end', '1'],
  ];
  const copy: Instruction[] = [
    ['clipboard', '2', 'text/plain'],
    ['blob', '2', 'CCCC'],
    ['end', '2'],
  ];

  test.each(CLIPBOARDS)('clipboard %s: reaches the student whole or not at all', (clipboard) => {
    const all = say(...picture, ...copy, ['sync', '1']);
    const may = clipboard === 'out' || clipboard === 'both';
    const heard = heardOf(new Outward(studentRights({ clipboard })), all);
    expect(heard.toString()).toBe((may ? all : say(...picture, ['sync', '1'])).toString());
  });
  test('never reaches a watcher, in how many messages it may come and with pictures in between', () => {
    const outward = new Outward(WATCHER);
    const mixed = [copy[0], picture[0], copy[1], picture[1], picture[2], copy[1], copy[2], picture[0]] as Instruction[];
    const heard = mixed.map((instruction) => heardOf(outward, say(instruction)).toString()).join('');
    expect(heard).toBe(say(...picture, picture[0] as Instruction).toString());
  });
  test('a picture that comes on the clipboard’s stream afterwards is a picture', () => {
    const outward = new Outward(WATCHER);
    heardOf(outward, say(...copy));
    const next: Instruction[] = [
      ['img', '2', '14', '0', 'image/png', '0', '0'],
      ['blob', '2', 'BBBB'],
      ['end', '2'],
    ];
    expect(heardOf(outward, say(...next)).toString()).toBe(say(...next).toString());
  });
  test('what holds no clipboard goes on as it is, uncopied', () => {
    const message = say(...picture);
    expect(heardOf(new Outward(WATCHER), message)).toBe(message);
  });
});

test.each(CLIPBOARDS)(
  'clipboard %s: guacd is told the same, for the held connection and for each who joins it',
  (clipboard) => {
    const told = rdpSettings({ hostname: 'h', username: 'u', password: 'p' }, { ...CLOSED, clipboard });
    const { mayPaste, mayCopy } = studentRights({ clipboard });
    const wanted = { 'disable-copy': String(!mayCopy), 'disable-paste': String(!mayPaste) };
    expect(told).toMatchObject(wanted);
    expect(joinSettings(studentRights({ clipboard }))).toEqual({ 'read-only': '', ...wanted });
    expect(joinSettings(WATCHER)).toEqual({ 'read-only': 'true', 'disable-copy': 'true', 'disable-paste': 'true' });
  },
);
