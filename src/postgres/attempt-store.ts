import { createHash } from 'node:crypto';
import type { AttemptLimit, Attempts } from '../control-plane/attempts.ts';
import type { Queryable } from './database.ts';

const SECONDS_LEFT = 'ceil(extract(epoch from until - now()))::int as seconds';

/** By the database's clock: it is one for all. Each is one statement by the table's key; nothing is written for who is right at once. */
export function attemptStore(db: Queryable): Attempts {
  const secondsOf = async (text: string, values: readonly unknown[]): Promise<number> => {
    const { rows } = await db.query<{ seconds: number }>(text, [...values]);
    return Math.max(0, rows[0]?.seconds ?? 0);
  };
  return {
    wait: (limit, who) =>
      secondsOf(`select ${SECONDS_LEFT} from failed_attempts where who = $1 and count >= $2 and until > now()`, [
        digest(limit, who),
        limit.most,
      ]),
    failed: (limit, who) =>
      secondsOf(
        `with counted as (
           insert into failed_attempts as known (who, count, until) values ($1, 1, now() + make_interval(secs => $3))
           on conflict (who) do update set
             count = case when known.until <= now() then 1 else known.count + 1 end,
             until = case when known.until <= now() then excluded.until else known.until end
           returning count, until)
         select ${SECONDS_LEFT} from counted where count > $2`,
        [digest(limit, who), limit.most, limit.windowSec],
      ),
    succeeded: (limit, who) =>
      secondsOf(
        `with gone as (delete from failed_attempts where who = $1 and (count < $2 or until <= now()))
         select ${SECONDS_LEFT} from failed_attempts where who = $1 and count >= $2 and until > now()`,
        [digest(limit, who), limit.most],
      ),
    async forgetOld() {
      await db.query('delete from failed_attempts where until <= now()');
    },
  };
}

function digest({ what }: AttemptLimit, who: string): Buffer {
  return createHash('sha256').update(`${what}:${who}`).digest();
}
