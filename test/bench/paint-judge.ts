import { atLeast, atMost, type Measured } from './ground.ts';
import { rounded, summary } from './stats.ts';

/** Milliseconds of each sample, by the page's clock. */
export type Warm = Readonly<Record<'join' | 'login' | 'rejoin' | 'again', number[]>>;
/** Milliseconds of each sample, by the bench's clock from the first call on. */
export type Cold = Readonly<Record<'seated' | 'warm' | 'plainTold' | 'plainTried', number[]>>;

/** Figures and goals of everything that was measured. */
export function judge(warm: Warm, cold: Cold, begunAnew: number): Measured {
  const [join, login] = [summary(warm.join), summary(warm.login)];
  const [told, tried] = [summary(cold.plainTold), summary(cold.plainTried)];
  const plain = Math.min(told.p50, tried.p50);
  const speedUp = rounded(login.p50 / join.p50);
  const coldRatio = rounded(summary(cold.seated).p50 / plain);
  const warmRatio = rounded(summary(cold.warm).p50 / plain);
  return {
    figures: {
      painted: 'in Chromium, before a frame is shown: canvas filled, header and ground of the exam page in it',
      'warm: allocate answered → painted, ms': join,
      'warm: join again → painted, ms': summary(warm.rejoin),
      'fresh RDP login to a running session → painted, ms': login,
      'second RDP login to the same session → painted, ms': summary(warm.again),
      'fresh logins that did not paint at once, not counted': begunAnew,
      'cold: allocate called on an empty pool → painted, ms': summary(cold.seated),
      'prewarm of one called → warm, ms': summary(cold.warm),
      'plain docker run → its ready event → fresh login → painted, ms': told,
      'plain docker run → login tried until let in → painted, ms': tried,
    },
    ratios: { 'fresh login / warm join': speedUp, 'cold / plain': coldRatio, 'create to warm / plain': warmRatio },
    goals: [
      atMost('warm painted in the browser, p50 ms', 250, join.p50),
      atLeast('fresh login / warm join, p50', 8, speedUp),
      atMost('cold painted / plain docker run painted, the better of two ways, p50', 1.3, coldRatio),
      atMost('create to warm / plain docker run painted, the better of two ways, p50', 1.3, warmRatio),
    ],
  };
}
