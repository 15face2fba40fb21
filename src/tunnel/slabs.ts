const LEAST = 8 * 1024;
/** What is kept for the next message, of the whole process. */
const KEPT_BYTES = 4 * 1024 * 1024;

const kept = new Map<number, Buffer[]>();
let keptBytes = 0;

/** Memory for `size` bytes. Small ones are cut from Node's own pool; large ones are used again and again by `giveSlab`. */
export function takeSlab(size: number): Buffer {
  if (size < LEAST / 2) return Buffer.allocUnsafe(size);
  const whole = wholeSize(size);
  const slab = kept.get(whole)?.pop();
  if (slab) keptBytes -= whole;
  return slab ?? Buffer.allocUnsafeSlow(whole);
}

/** Gives back what `takeSlab` gave, once nobody reads it any more. */
export function giveSlab(slab: Buffer): void {
  const { length } = slab;
  if (length < LEAST || length !== wholeSize(length) || keptBytes + length > KEPT_BYTES) return;
  keptBytes += length;
  const same = kept.get(length);
  if (same) same.push(slab);
  else kept.set(length, [slab]);
}

/** Powers of two: at most half of a slab is unused, so that what waits for a slow browser is no more than twice its bytes. */
function wholeSize(size: number): number {
  return Math.max(LEAST, 2 ** Math.ceil(Math.log2(size)));
}
