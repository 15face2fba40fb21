import type { Response } from 'express';
import type { z } from 'zod';
import { codeOf } from '../field-rule.ts';

/** One shape for everything that went wrong: `error` for programs, `message` for people, `fields` for forms. */
export interface Problem {
  readonly error: string;
  readonly message: string;
  readonly fields?: readonly { readonly field: string; readonly message: string; readonly code?: string | undefined }[];
  readonly [extra: string]: unknown;
}

export function refuse(response: Response, status: number, problem: Problem): void {
  response.status(status).json(problem);
}

export function notFound(response: Response, what: string): void {
  refuse(response, 404, { error: 'not_found', message: `There is no such ${what}.` });
}

/** The body as the schema reads it; undefined after a 400 that names each wrong field. */
export function readBody<T>(response: Response, schema: z.ZodType<T>, body: unknown): T | undefined {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => ({
    field: fieldOf(issue),
    message: issue.message,
    code: codeOf(issue),
  }));
  const message = fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
  refuse(response, 400, { error: 'invalid_body', message, fields });
  return undefined;
}

function fieldOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return issue.keys.join(', ');
  return issue.path.join('.') || 'body';
}

/** A number in the path: anything else is a thing that does not exist. */
export function idOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[1-9]\d{0,9}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= 2_147_483_647 ? id : undefined;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Absent keys stay absent: with exactOptionalPropertyTypes an undefined is a value of its own. */
export function defined<T extends object>(body: T): Defined<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Defined<T>;
}
