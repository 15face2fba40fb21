import type { z } from 'zod';

/** What is wrong with a field: `code` for pages that have words of their own for it, `error` for everybody else. */
export const rule = <Code extends string>(code: Code, error: string) => ({ error, params: { code } });

/** The code of the rule that was broken, where it was one of ours. */
export function codeOf(issue: z.core.$ZodIssue): string | undefined {
  const code: unknown = issue.code === 'custom' ? issue.params?.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
