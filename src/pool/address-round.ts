import { desktopRange, nextAddress, parseAddress } from '../desktop/addresses.ts';
import { bestEffort, type PoolParts } from './parts.ts';

/** Gives each new desktop its address, round the whole range (docs/adr/0006). */
export class AddressRound {
  readonly #parts: Pick<PoolParts, 'mirror' | 'settings' | 'log'>;
  #cursor: number | undefined;

  constructor(parts: Pick<PoolParts, 'mirror' | 'settings' | 'log'>) {
    this.#parts = parts;
  }

  /**
   * @param used addresses in use, asked at the moment of choosing
   * @throws Error when none is left
   */
  async next(used: () => ReadonlySet<string>): Promise<string> {
    const { mirror, settings, log } = this.#parts;
    const range = desktopRange(settings.network);
    if (this.#cursor === undefined) {
      const saved = await mirror.loadCursor().catch(() => undefined);
      // With the cursor lost, a random start makes it unlikely that an address of the last hours comes back.
      const random = range.first + Math.floor(Math.random() * (range.last - range.first));
      this.#cursor ??= (saved === undefined ? undefined : parseAddress(saved)) ?? random;
    }
    const address = nextAddress(range, this.#cursor, used());
    if (address === undefined) throw new Error(`no free address left in ${settings.network}`);
    this.#cursor = parseAddress(address);
    void bestEffort(log, 'address cursor', mirror.saveCursor(address));
    return address;
  }
}
