import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** Fields of the environment, for the schemas of config. Empty values never get here: config takes them for unset. */
export const required = z.string({ error: 'is required' });

/** A secret: no default, so that an unset one stops the start. */
export const secret = (length: number) =>
  z.string({ error: 'is required and has no default' }).min(length, `must have at least ${length} characters`);

export const text = (fallback: string) => z.string().default(fallback);

export const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number({ error: 'must be a number' }).int().min(min).max(max).default(fallback);

/** A number that need not be whole, such as cores. */
export const amount = (min: number, max: number) => z.coerce.number({ error: 'must be a number' }).min(min).max(max);

export const flag = (fallback: boolean) => z.stringbool({ error: 'must be true or false' }).default(fallback);

/** Settings that have an older name: it counts where the newer one is not set. */
const OLDER_NAMES = { WORKER_CLUSTER_TOKEN: 'WORKER_HEARTBEAT_TOKEN' } as const;

/** Entries of a list, whatever stands between them. */
export const listed = (value: string): string[] => value.split(/[\s,]+/).filter(Boolean);

/** Addresses and networks, as a list that can be asked. */
export const networks = z
  .string()
  .default('')
  .transform((value, context) => {
    const list = new BlockList();
    for (const entry of listed(value)) {
      if (!add(list, entry))
        context.addIssue({
          code: 'custom',
          message: 'must be addresses or networks such as 10.0.0.5 or 10.0.0.0/24, separated by commas',
        });
    }
    return list;
  });

function add(list: BlockList, entry: string): boolean {
  const [address = '', prefix, more] = entry.split('/');
  const family = isIP(address);
  const bits = prefix === undefined ? undefined : Number(prefix);
  if (family === 0 || more !== undefined || prefix === '') return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, type);
  else if (Number.isInteger(bits) && bits >= 0 && bits <= (family === 6 ? 128 : 32))
    list.addSubnet(address, bits, type);
  else return false;
  return true;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What is set, under its newest name. Compose hands on an empty line of the env file as an empty string: that means
 * "not set". Done before the schema looks, so that it names every unset setting at once.
 */
export function whatIsSet(env: unknown): Environment {
  const set = Object.fromEntries(
    Object.entries(env as Environment).filter(([, value]) => value !== '' && value !== undefined),
  );
  for (const [name, older] of Object.entries(OLDER_NAMES)) if (set[older] !== undefined) set[name] ??= set[older];
  return set;
}
