export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';
export const CHECK_VIOLATION = '23514';

const CHARACTER_NOT_IN_REPERTOIRE = '22021';

/** A text holds NUL, which PostgreSQL does not take. */
export function isUnstorable(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === CHARACTER_NOT_IN_REPERTOIRE;
}

/** A constraint's refusal by its word. */
export async function refusal<T, Word extends string>(
  code: string,
  word: Word,
  run: () => Promise<T>,
): Promise<T | Word> {
  try {
    return await run();
  } catch (error) {
    if ((error as { code?: string }).code === code) return word;
    throw error;
  }
}
