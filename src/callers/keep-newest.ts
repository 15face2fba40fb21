/** Keeps a map within its bound: the first in it is what was put in longest ago. */
export function keepNewest(map: Map<string, unknown>, most: number): void {
  const first = map.size > most ? map.keys().next().value : undefined;
  if (first !== undefined) map.delete(first);
}
