import axios from 'axios';

const WORDS: Readonly<Record<string, string>> = {
  ECONNABORTED: 'does not answer in time',
  ETIMEDOUT: 'does not answer in time',
  ECONNREFUSED: 'refuses connections (nothing listens there)',
  ECONNRESET: 'cut the connection',
  ENOTFOUND: 'has a name that cannot be resolved',
  EAI_AGAIN: 'has a name that cannot be resolved now',
  EHOSTUNREACH: 'has no route from here',
  ENETUNREACH: 'has no route from here',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet (is this host’s clock right?)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate of its own making: name its authority in CONTROL_PLANE_CA_FILE',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate of an unknown authority: name it in CONTROL_PLANE_CA_FILE',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate of an unknown authority: name it in CONTROL_PLANE_CA_FILE',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate of an unknown authority: name it in CONTROL_PLANE_CA_FILE',
  EPROTO: 'does not speak TLS as we do (http:// instead of https://?)',
};

/** What went wrong with a call, in a line that tells an operator where to look. Never holds what was sent. */
export function shortReason(error: unknown): string {
  if (axios.isAxiosError(error)) return WORDS[error.code ?? ''] ?? `cannot be reached (${error.code})`;
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
