import { errors, jwtVerify } from 'jose';

/** Whether this is a login (JWT) of the control-plane's that holds now, and this user's. */
export async function isLoginOf(userId: number, jwt: string, secret: Uint8Array): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(jwt, secret, { algorithms: ['HS256'] });
    // A number in the contract; libraries that insist on RFC 7519's string send it as one.
    return String(payload.sub) === String(userId);
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
