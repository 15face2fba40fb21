/**
 * Addresses of desktops. The contract's token carries only an address and never expires, so an address that comes back
 * soon would open the next student's desktop to an old token. Docker hands out a freed address again; we go round the
 * whole range instead.
 */
export interface AddressRange {
  /** First and last usable address, as unsigned 32-bit numbers. */
  readonly first: number;
  readonly last: number;
}

/** The first 256 addresses of a network are the services'. */
const SERVICES = 256;

/**
 * The desktops' part of an IPv4 network.
 * @param cidr e.g. `10.213.0.0/20`
 * @throws Error when it is no IPv4 network or too small to hold services and desktops
 */
export function desktopRange(cidr: string): AddressRange {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr);
  const base = match ? parseAddress(String(match[1])) : undefined;
  const bits = Number(match?.[2]);
  if (base === undefined || bits > 32) throw new Error(`${cidr} is no IPv4 network`);
  const size = 2 ** (32 - bits);
  if (size <= 2 * SERVICES) throw new Error(`${cidr} is too small: the desktops' network needs a /22 or larger`);
  const network = base - (base % size);
  return { first: network + SERVICES, last: network + size - 2 };
}

/**
 * The next address after `cursor` that is not in use, going round.
 * @returns undefined when every address is in use
 */
export function nextAddress(range: AddressRange, cursor: number, used: ReadonlySet<string>): string | undefined {
  const size = range.last - range.first + 1;
  const start = cursor >= range.first && cursor <= range.last ? cursor - range.first + 1 : 0;
  for (let step = 0; step < size; step++) {
    const address = formatAddress(range.first + ((start + step) % size));
    if (!used.has(address)) return address;
  }
  return undefined;
}

/** An IPv4 address as an unsigned number; undefined when it is none. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
