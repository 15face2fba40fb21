import { type BlockList, isIP, isIPv6 } from 'node:net';

/** Each proxy adds at the end whom it heard: the last one that is no proxy of ours is the one who came. */
export function addressOf(peer: string, forwarded: string, trusted: BlockList): string {
  let address = plain(peer);
  for (const said of forwarded.split(',').reverse()) {
    if (!contains(trusted, address)) break;
    const before = plain(said.trim());
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** Whether the list names this address, or a network that it is in. What is no address is in none. */
export function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** IPv4 comes as ::ffff:a.b.c.d over a socket that takes both. */
export function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** One line has 2^64 addresses of IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const first = head.split(':').filter(Boolean);
  const last = tail.split(':').filter(Boolean);
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0') : [];
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}
