import type { Reply } from './replies.ts';

/** Why a cluster call is not let in. */
export type RefusalCause =
  | 'address'
  | 'too-many-wrong'
  | 'too-many-calls'
  | 'token-missing'
  | 'token-wrong'
  | 'unsigned'
  | 'signature-malformed'
  | 'signature-wrong'
  | 'clock'
  | 'before-start'
  | 'replayed'
  | 'crowded';

export interface Refused {
  readonly kind: 'refused';
  readonly why: RefusalCause;
  /** The address that is not allowed, or milliseconds: until the next try, or by which the caller's clock is ahead. */
  readonly detail: string | undefined;
}

export function refused(why: RefusalCause, detail?: string): Refused {
  return { kind: 'refused', why, detail };
}

const TOKEN_NAME = 'WORKER_CLUSTER_TOKEN must be the same on the worker and the control-plane.';

/** Each says what to do next. None says anything of what would have been right. */
export function refusalReply({ why, detail }: Refused): Reply {
  switch (why) {
    case 'address':
      return reply(403, 'caller_not_allowed', `WORKER_ALLOWED_CALLERS of this worker does not name ${detail}.`);
    case 'too-many-wrong':
      return reply(429, 'too_many_wrong', `Too many wrong tokens from this address. ${TOKEN_NAME}`, 10);
    case 'too-many-calls':
      return reply(429, 'too_many_calls', 'Too many calls from this address.', Math.ceil(Number(detail) / 1000));
    case 'crowded':
      return reply(429, 'too_many_calls', 'More signed calls than this worker can remember.', 10);
    case 'token-missing':
      return reply(401, 'unauthorized', 'Header x-cluster-token is missing.');
    case 'token-wrong':
      return reply(401, 'unauthorized', `x-cluster-token does not match; ${TOKEN_NAME}`);
    case 'unsigned':
      return reply(
        401,
        'unsigned',
        'This worker takes signed calls only (WORKER_REQUIRE_SIGNED_CALLS; docs/adr/0020).',
      );
    case 'signature-malformed':
      return reply(
        401,
        'bad_signature',
        'A signed call has x-signature-time (milliseconds since 1970), x-signature-nonce (16 to 128 letters, digits, dots, dashes) and x-signature (64 hexadecimal digits).',
      );
    case 'signature-wrong':
      return reply(401, 'bad_signature', `x-signature does not match this call to this worker. ${TOKEN_NAME}`);
    case 'clock':
      return reply(401, 'clock', `${clockWord(Number(detail))} Check NTP on both hosts.`);
    case 'before-start':
      return reply(503, 'signed-before-start', 'Signed before this worker started. Sign it anew and send it again.', 1);
    case 'replayed':
      return reply(401, 'replayed', 'This signed call has been used. Sign each call anew.');
  }
}

function clockWord(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return `The call was signed ${seconds} s ${aheadMs > 0 ? 'in the future' : 'ago'} by this worker’s clock; 60 s are allowed.`;
}

function reply(status: number, error: string, message: string, retryAfterSec?: number): Reply {
  return retryAfterSec === undefined
    ? { status, body: { error, message } }
    : { status, body: { error, message, retryAfterSec } };
}
