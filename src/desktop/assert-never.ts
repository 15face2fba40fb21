/** Ends a switch over a union, so that the compiler names every case that was forgotten. */
export function assertNever(value: never): never {
  throw new Error(`unexpected: ${JSON.stringify(value)}`);
}
