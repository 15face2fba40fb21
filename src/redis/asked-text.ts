import { z } from 'zod';
import type { AskedOf } from '../pool/asked.ts';

const Written = z.object({
  isKnown: z.boolean(),
  exams: z.record(
    z.coerce.string().regex(/^[1-9]\d*$/),
    z.object({ count: z.int().min(0).optional(), env: z.record(z.string(), z.string()).optional() }),
  ),
});

export function encodeAsked({ wanted, overrides, isKnown }: AskedOf): string {
  const examIds = new Set([...wanted.keys(), ...overrides.keys()]);
  const exams = [...examIds].map((examId) => [examId, { count: wanted.get(examId), env: overrides.get(examId) }]);
  return JSON.stringify({ isKnown, exams: Object.fromEntries(exams) });
}

/** @returns undefined for a text that is not ours: as if nothing were remembered */
export function decodeAsked(text: string): AskedOf | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  const written = Written.safeParse(raw);
  if (!written.success) return undefined;
  const exams = Object.entries(written.data.exams).map(([examId, exam]) => [Number(examId), exam] as const);
  return {
    // An exam with settings only was never asked for, which is not the same as asked for none.
    wanted: new Map(exams.flatMap(([examId, { count }]) => (count === undefined ? [] : [[examId, count]]))),
    overrides: new Map(exams.flatMap(([examId, { env }]) => (env === undefined ? [] : [[examId, env]]))),
    isKnown: written.data.isKnown,
  };
}
