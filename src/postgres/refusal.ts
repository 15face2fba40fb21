export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';

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
