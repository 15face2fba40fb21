import { errors, type JWTPayload, jwtVerify } from 'jose';

/** What a login (JWT) of the control-plane's says that holds now; undefined for whatever is none. */
export async function readLogin(
  jwt: string,
  secret: Uint8Array,
  requiredClaims: string[] = [],
): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(jwt, secret, { algorithms: ['HS256'], requiredClaims })).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** Whether this is a login that holds now, and this user's. */
export async function isLoginOf(userId: number, jwt: string, secret: Uint8Array): Promise<boolean> {
  const login = await readLogin(jwt, secret);
  // A number in the contract; libraries that insist on RFC 7519's string send it as one.
  return login !== undefined && String(login.sub) === String(userId);
}
