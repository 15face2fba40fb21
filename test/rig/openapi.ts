import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

/** docs/openapi.yaml, and whether what the two sides really answer is what it says. */

export type Side = 'worker' | 'control-plane';

interface Described {
  readonly tags?: readonly Side[];
  readonly security?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

export interface Operation extends Described {
  readonly method: string;
  readonly path: string;
}

export interface Answered {
  readonly method: string;
  /** As it was asked for, with its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export const text = readFileSync(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8');
const document: { paths: Record<string, Record<string, Described>> } = parse(text);

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const all: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([method]) => METHODS.includes(method))
    .map(([method, described]) => ({ ...described, method: method.toUpperCase(), path })),
);

/** @returns what the document says of one side */
export function operations(side: Side): Operation[] {
  return all.filter(({ tags }) => tags?.includes(side));
}

/** Operations that have answered well, as described, in this process. */
const answered = new Set<Operation>();

/** @returns the operations of a side that no test of this file has seen answer well */
export function unanswered(side: Side): string[] {
  return operations(side)
    .filter((operation) => !answered.has(operation))
    .map(({ method, path }) => `${method} ${path}`);
}

/** Hands an answer on if it is as the document says. @throws when it is not */
export function asDescribed<T extends Answered>(side: Side, answer: T): T {
  const wrong = complaints(side, answer);
  if (wrong.length > 0) throw new Error(`not as docs/openapi.yaml says:\n${wrong.join('\n')}`);
  return answer;
}

const DOCUMENT = 'document';
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(closed(document) as object, DOCUMENT);
const validators = new Map<string, ValidateFunction>();

/** What is wrong with an answer by the document; empty when it is as described. */
export function complaints(side: Side, answer: Answered): string[] {
  const { method, status, headers } = answer;
  const path = answer.path.replace(/\?.*/, '');
  const operation = operationOf(side, method, path);
  const what = `${method} ${path} (${status})`;
  // What does not exist answers 404, described once for all.
  if (!operation)
    return status === 404 ? wrongBody('#/components/responses/NotFound', what, answer) : [`${what} is not described`];
  if (status < 400) answered.add(operation);
  const { responses } = operation;
  const key = String(status) in responses ? String(status) : 'default';
  if (!(key in responses) || (key === 'default' && status < 400)) return [`${what}: this status is not described`];
  const missing = ['429', '503'].includes(String(status)) && path.startsWith('/api/') && !headers.has('retry-after');
  return [
    ...(missing ? [`${what} has no retry-after`] : []),
    ...wrongBody(pointer('paths', operation.path, method.toLowerCase(), 'responses', key), what, answer),
  ];
}

/** Of several that fit, the one that says more of its path in words. */
function operationOf(side: Side, method: string, path: string): Operation | undefined {
  const parameters = ({ path }: Operation): number => path.split('{').length;
  return operations(side)
    .filter((each) => each.method === method && matches(each.path, path))
    .sort((a, b) => parameters(a) - parameters(b))[0];
}

function wrongBody(response: string, what: string, { headers, body }: Answered): string[] {
  const type = (headers.get('content-type') ?? '').replace(/;.*/, '');
  const at = resolved(response);
  const content = (follow(at) as { content?: object }).content;
  if (!content) return [];
  if (!(type in content)) return [`${what} is ${type}, described as ${Object.keys(content).join(', ')}`];
  if (!type.endsWith('json')) return [];
  const schema = `${at}/content/${escaped(type)}/schema`;
  const validate = validators.get(schema) ?? ajv.compile({ $ref: `${DOCUMENT}${schema}` });
  validators.set(schema, validate);
  if (validate(body)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${what}: ${instancePath || 'answer'} ${message} ${JSON.stringify(params)}`,
  );
}

/** Who answers more than is described is wrong too: each object is taken for complete, unless it says otherwise. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]));
  const isObject = 'properties' in copy && !('in' in copy);
  return isObject && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}

/** The pointer of what a reference stands for. */
function resolved(at: string): string {
  const { $ref } = follow(at) as { $ref?: string };
  return $ref ? resolved($ref) : at;
}

function follow(at: string): unknown {
  const steps = at.slice(2).split('/');
  return steps.reduce<unknown>(
    (node, step) => (node as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
}

function pointer(...steps: string[]): string {
  return `#/${steps.map(escaped).join('/')}`;
}

function escaped(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function matches(template: string, path: string): boolean {
  const pattern = template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+');
  return new RegExp(`^${pattern}$`).test(path);
}
