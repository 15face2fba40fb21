import { parseAddress } from './addresses.ts';

/** Settings of one exam that stand in place of the worker's own, by the names that the desktop knows them by. */
export type Overrides = Readonly<Record<string, string>>;

export interface OverrideFault {
  readonly name: string;
  readonly problem: string;
}

type Rule = (value: string, worker: Overrides) => string | undefined;

const LONGEST_NAME = 200;
const LONGEST_LIST = 4096;
// As the desktop's own entry point reads them (exam-linux, settings.sh and lock.sh): what passes here must not fail there.
const WEB_ADDRESS = /^https?:\/\/[^\s"'<>\\`]+$/;
const DOMAIN = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;
const V6 = /^[0-9a-f]*:[0-9a-f:.]*$/i;

const RULES: Readonly<Record<string, Rule>> = {
  EXAM_NAME: (value) =>
    value.length > LONGEST_NAME || /\p{Cc}/u.test(value)
      ? `must be one line of at most ${LONGEST_NAME} characters`
      : undefined,
  EXAM_BROWSER_URL: (value) =>
    value === '' || value === 'about:blank' || (WEB_ADDRESS.test(value) && URL.canParse(value))
      ? undefined
      : 'must be a web address such as https://exam.example.edu/',
  EXAM_ALLOWED_DOMAINS: listOf(
    (word) => DOMAIN.test(word.toLowerCase()),
    'is no domain name; write exam.example.edu or *.example.edu',
  ),
  EXAM_ORIGIN_IP: listOf((word) => isAddress(word, false), 'is no IP address'),
  EXAM_ALLOWED_IPS: listOf((word) => isAddress(word, false), 'is no IP address'),
  EXAM_ALLOWED_CIDRS: listOf((word) => isAddress(word, true), 'is no IP address or range such as 203.0.113.0/24'),
  EXAM_BROWSER_AUTOSTART: flag,
  EXAM_BROWSER_PREWARM: flag,
  EXAM_RESTRICT_INTERNET: (value, worker) =>
    value === 'false' && worker.EXAM_RESTRICT_INTERNET !== 'false'
      ? 'cannot open what this worker keeps closed; leave it out, or open it in .env.worker'
      : flag(value),
};

/** What an exam may set for itself. */
export const OVERRIDE_NAMES: readonly string[] = Object.keys(RULES);

/**
 * What is wrong with an exam's settings, each by its name; empty when they can be used.
 * @param worker the worker's own settings, which stay where the exam says nothing
 */
export function overrideFaults(overrides: Overrides, worker: Overrides): OverrideFault[] {
  const faults = Object.entries(overrides).flatMap(([name, value]) => {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    const problem = rule ? rule(value, worker) : `is not for an exam to set; it may set ${OVERRIDE_NAMES.join(', ')}`;
    return problem === undefined ? [] : [{ name, problem }];
  });
  return faults.length > 0 ? faults : shutOut({ ...worker, ...overrides }, overrides);
}

/** The same settings in the same order, so that equal ones read equal wherever they are written down. */
export function ordered(overrides: Overrides): Overrides {
  return Object.fromEntries(Object.entries(overrides).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** None set at all is the same as an empty set. */
export function sameOverrides(one: Overrides = {}, other: Overrides = {}): boolean {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

// A page that the lock keeps shut would show every student an error on the day: said now, while there is time.
function shutOut(effective: Overrides, said: Overrides): OverrideFault[] {
  const page = effective.EXAM_BROWSER_URL ?? '';
  const touched = said.EXAM_BROWSER_URL !== undefined || said.EXAM_ALLOWED_DOMAINS !== undefined;
  if (!touched || effective.EXAM_RESTRICT_INTERNET === 'false' || !URL.canParse(page) || page === 'about:blank')
    return [];
  const host = new URL(page).hostname;
  if (host.startsWith('[') || parseAddress(host) !== undefined) return [];
  const open = words(effective.EXAM_ALLOWED_DOMAINS ?? '').map((word) => word.toLowerCase());
  const opens = (word: string): boolean =>
    word.startsWith('*.') ? host === word.slice(2) || host.endsWith(word.slice(1)) : host === word;
  if (open.some(opens)) return [];
  return [{ name: 'EXAM_ALLOWED_DOMAINS', problem: `must name ${host}, or the exam page cannot be reached` }];
}

function listOf(isRight: (word: string) => boolean, complaint: string): Rule {
  return (value) => {
    if (value.length > LONGEST_LIST) return `must have at most ${LONGEST_LIST} characters`;
    const wrong = words(value).find((word) => !isRight(word));
    return wrong === undefined ? undefined : `'${wrong}' ${complaint}`;
  };
}

function words(list: string): string[] {
  return list.split(/[\s,;]+/).filter((word) => word !== '');
}

function isAddress(word: string, orRange: boolean): boolean {
  const [address = '', bits, more] = word.split('/');
  if (more !== undefined || (bits !== undefined && !orRange)) return false;
  const isV4 = parseAddress(address) !== undefined;
  if (!isV4 && !(V6.test(address) && URL.canParse(`http://[${address}]/`))) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isV4 ? 32 : 128));
}

function flag(value: string): string | undefined {
  return value === 'true' || value === 'false' ? undefined : 'must be true or false';
}
