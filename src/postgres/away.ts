// Shut down, crashed, not yet up, idle for too long, no connection left, and all of class 08 (connection exceptions).
const STATES = /^(57P0[1235]|25P03|53300|08...)$/;
const LINE = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/;
// The driver says these in words only.
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** A query failed because PostgreSQL is away or was for a moment, not because of the query: the same call may do later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String(Reflect.get(error, 'code') ?? '');
  return STATES.test(code) || LINE.test(code) || WORDS.test(error.message);
}
