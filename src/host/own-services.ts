import { lookup } from 'node:dns/promises';

/** Names are asked again after this long: a service that was started anew has another address. */
const KEPT_MS = 5_000;

/**
 * Whether one of the named services is at an address, by what the names resolve to now.
 * @param uptime milliseconds that never jump
 */
export function ownServices(names: readonly string[], uptime: () => number): (address: string) => Promise<boolean> {
  let known: Promise<ReadonlySet<string>> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  return async (address) => {
    if (!known || uptime() - askedAt > KEPT_MS) {
      askedAt = uptime();
      known = addressesOf(names);
    }
    return (await known).has(address);
  };
}

/** A name that nobody knows has no address: then nobody is let in by it. */
async function addressesOf(names: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(names.map((name) => lookup(name, { all: true }).catch(() => [])));
  return new Set(found.flat().map(({ address }) => address));
}
