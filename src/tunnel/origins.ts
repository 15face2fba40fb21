/** Whether the page of this origin may open tunnels. */
export type OriginRule = (origin: string | undefined) => boolean;

/**
 * @param allowed exact origins such as https://exam.example.edu, or https://*.example.edu for the hosts below a name;
 * none: every page may. Where there are some, a request without an origin is refused too: students come with browsers, which
 * always send it.
 */
export function originRule(allowed: readonly string[]): OriginRule {
  if (allowed.length === 0) return () => true;
  const exact = new Set(allowed.filter((origin) => !origin.includes('*')));
  const below = allowed.filter((origin) => origin.includes('*')).map((origin) => origin.split('*') as [string, string]);
  return (origin) =>
    origin !== undefined && (exact.has(origin) || below.some(([scheme, name]) => isBelow(origin, scheme, name)));
}

function isBelow(origin: string, scheme: string, name: string): boolean {
  if (!origin.startsWith(scheme) || !origin.endsWith(name)) return false;
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(origin.slice(scheme.length, -name.length));
}
