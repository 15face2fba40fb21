import { describe, expect, test } from 'vitest';
import { decodeLabels, encodeLabels } from '../../../src/desktop/labels.ts';
import { ordered, overrideFaults, sameOverrides } from '../../../src/desktop/overrides.ts';

const WORKER = {
  EXAM_RESTRICT_INTERNET: 'true',
  EXAM_BROWSER_URL: 'https://exam.example.edu/',
  EXAM_ALLOWED_DOMAINS: 'exam.example.edu, *.moodle.edu',
};
const wrong = (overrides: Record<string, string>, worker: Record<string, string> = WORKER) =>
  overrideFaults(overrides, worker).map(({ name }) => name);

describe('an exam’s own settings', () => {
  test.each<[string, Record<string, string>]>([
    ['none', {}],
    ['a title with anything printable in it', { EXAM_NAME: 'Lập trình C++ “giữa kỳ” & <50%>' }],
    ['a page under a name that is allowed', { EXAM_BROWSER_URL: 'https://a.moodle.edu/x?y=1' }],
    ['the name itself where its sub-names are allowed', { EXAM_BROWSER_URL: 'https://moodle.edu/' }],
    ['a page and its name', { EXAM_BROWSER_URL: 'http://two.edu:8080/', EXAM_ALLOWED_DOMAINS: 'Two.edu;cdn.two.edu' }],
    ['a page at an address', { EXAM_BROWSER_URL: 'http://203.0.113.7/', EXAM_ORIGIN_IP: '203.0.113.7' }],
    ['a page at a v6 address', { EXAM_BROWSER_URL: 'http://[2001:db8::1]/', EXAM_ALLOWED_IPS: '2001:db8::1' }],
    ['no page', { EXAM_BROWSER_URL: '' }],
    ['ranges', { EXAM_ALLOWED_CIDRS: '203.0.113.0/24 2001:db8::/32' }],
    ['a list made empty', { EXAM_ALLOWED_IPS: '' }],
    ['flags', { EXAM_BROWSER_AUTOSTART: 'false', EXAM_BROWSER_PREWARM: 'true' }],
    ['what is closed already', { EXAM_RESTRICT_INTERNET: 'true' }],
  ])('may be %s', (_what, overrides) => expect(overrideFaults(overrides, WORKER)).toEqual([]));

  test.each<[string, Record<string, string>, string]>([
    ['a name that is the worker’s alone', { EXAM_FIREWALL_ENFORCE_STRICT: 'false' }, 'EXAM_FIREWALL_ENFORCE_STRICT'],
    ['a name that every object has', { constructor: 'x' }, 'constructor'],
    ['the web opened', { EXAM_RESTRICT_INTERNET: 'false' }, 'EXAM_RESTRICT_INTERNET'],
    ['a title of two lines', { EXAM_NAME: 'a\nb' }, 'EXAM_NAME'],
    ['a title too long for the panel', { EXAM_NAME: 'a'.repeat(201) }, 'EXAM_NAME'],
    ['a page that is no web address', { EXAM_BROWSER_URL: 'file:///etc/passwd' }, 'EXAM_BROWSER_URL'],
    ['a page with a quote in it', { EXAM_BROWSER_URL: 'https://exam.example.edu/"x' }, 'EXAM_BROWSER_URL'],
    ['a page that the lock keeps shut', { EXAM_BROWSER_URL: 'https://other.edu/' }, 'EXAM_ALLOWED_DOMAINS'],
    ['names that shut out the worker’s own page', { EXAM_ALLOWED_DOMAINS: 'two.edu' }, 'EXAM_ALLOWED_DOMAINS'],
    ['a sub-name of a plain name', { EXAM_BROWSER_URL: 'https://a.exam.example.edu/' }, 'EXAM_ALLOWED_DOMAINS'],
    ['a name in braces, which would end up in the rules', { EXAM_ALLOWED_DOMAINS: 'a.edu }' }, 'EXAM_ALLOWED_DOMAINS'],
    ['an address that is none', { EXAM_ORIGIN_IP: '300.1.1.1' }, 'EXAM_ORIGIN_IP'],
    ['a range where addresses belong', { EXAM_ALLOWED_IPS: '10.0.0.0/8' }, 'EXAM_ALLOWED_IPS'],
    ['a range too narrow', { EXAM_ALLOWED_CIDRS: '10.0.0.0/33' }, 'EXAM_ALLOWED_CIDRS'],
    ['a v6 that is none', { EXAM_ALLOWED_IPS: '::1::' }, 'EXAM_ALLOWED_IPS'],
    ['a flag that is neither', { EXAM_BROWSER_AUTOSTART: 'yes please' }, 'EXAM_BROWSER_AUTOSTART'],
    ['a list without end', { EXAM_ALLOWED_IPS: '1.1.1.1,'.repeat(1000) }, 'EXAM_ALLOWED_IPS'],
  ])('may not be %s', (_what, overrides, name) => expect(wrong(overrides)).toEqual([name]));

  test('every wrong one is named', () =>
    expect(wrong({ EXAM_NAME: '\t', PATH: '/', EXAM_ORIGIN_IP: 'x' })).toEqual([
      'EXAM_NAME',
      'PATH',
      'EXAM_ORIGIN_IP',
    ]));

  test('where the worker itself is open an exam may be open, and its page needs no name', () =>
    expect(
      wrong(
        { EXAM_RESTRICT_INTERNET: 'false', EXAM_BROWSER_URL: 'https://other.edu/' },
        { EXAM_RESTRICT_INTERNET: 'false' },
      ),
    ).toEqual([]));
});

test('the order in which they are said does not matter', () => {
  expect(sameOverrides({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
  expect(sameOverrides({ a: '1' }, { a: '2' })).toBe(false);
  expect(sameOverrides(undefined, {})).toBe(true);
  expect(JSON.stringify(ordered({ b: '2', a: '1' }))).toBe('{"a":"1","b":"2"}');
});

const labels = { worker: 'w1', examId: 7, desktopId: 'ab12', imageId: 'sha256:one', template: '0123' };

test('they read back from a desktop’s labels, and so does whether it was made ahead', () => {
  const full = { ...labels, overrides: { EXAM_NAME: 'Toán “1”', EXAM_BROWSER_URL: '' }, madeAhead: true as const };
  expect(decodeLabels(encodeLabels(full))).toEqual(full);
  expect(decodeLabels(encodeLabels({ ...labels, overrides: {} }))).toEqual(labels);
});

test.each(['{', '7', 'null', '{"EXAM_NAME":7}'])('a label spoilt to %s is no reason to lose the desktop', (text) => {
  expect(decodeLabels({ ...encodeLabels(labels), 'vdi.overrides': text })).toEqual(labels);
});
