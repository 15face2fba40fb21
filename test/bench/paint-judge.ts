import { atLeast, atMost, type Measured } from './ground.ts';
import { rounded, summary } from './stats.ts';

type Times = Readonly<Record<'open' | 'join' | 'login' | 'again' | 'rejoin', number[]>>;
type Cold = Readonly<Record<'seated' | 'warm' | 'plainPainted', number[]>>;

/** Figures and goals of everything that was measured. */
export function judge(times: Times, cold: Cold): Measured {
  const [join, login, plain] = [summary(times.join), summary(times.login), summary(cold.plainPainted)];
  const speedUp = rounded(login.p50 / join.p50);
  const coldRatio = rounded(summary(cold.seated).p50 / plain.p50);
  const warmRatio = rounded(summary(cold.warm).p50 / plain.p50);
  return {
    figures: {
      painted:
        'first sync after images on layer 0 cover 95 % of 1280x800, seen by a client of the protocol; no browser draws',
      'warm: allocate answered → painted, ms': join,
      'of that until guacd had let us in, ms': summary(times.open),
      'warm: join again → painted, ms': summary(times.rejoin),
      'fresh RDP login to a running session → painted, ms': login,
      'second RDP login to the same session → painted, ms': summary(times.again),
      'cold: allocate called on an empty pool → painted, ms': summary(cold.seated),
      'prewarm of one called → warm, ms': summary(cold.warm),
      'plain docker run → ready → fresh login → painted, ms': plain,
    },
    ratios: { 'fresh login / warm join': speedUp, 'cold / plain': coldRatio, 'create to warm / plain': warmRatio },
    goals: [
      atMost('warm painted on the wire, p50 ms', 250, join.p50),
      atLeast('fresh login / warm join, p50', 8, speedUp),
      atMost('cold painted / plain docker run painted, p50', 1.3, coldRatio),
      atMost('create to warm / plain docker run painted, p50', 1.3, warmRatio),
    ],
  };
}
