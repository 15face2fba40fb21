import { createHmac, hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/** The worker's own key, from which every desktop's is made. Nothing is stored: the same token gives the same keys. */
export function proofMaster(clusterToken: string): Buffer {
  return Buffer.from(hkdfSync('sha256', clusterToken, '', 'vdi desktop proof', KEY_BYTES));
}

/** The key that one desktop signs with. It opens nothing else, and no other desktop's can be made from it. */
export function proofKey(master: Buffer, desktopId: string): Buffer {
  return createHmac('sha256', master).update(desktopId).digest();
}

/** Tells one master key from another without giving it away: desktops made under an old token count as stale. */
export function masterName(master: Buffer): string {
  return createHmac('sha256', master).update('name of this key').digest('hex').slice(0, 16);
}
