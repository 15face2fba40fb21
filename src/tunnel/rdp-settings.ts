/** What guacd needs to log in to one desktop. */
export interface RdpLogin {
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Every setting that guacd gets, and no other: nothing of a token or a query is ever added, so no drive, no file
 * transfer, no recording path and no other host can be asked for.
 */
export function rdpSettings(login: RdpLogin): Record<string, string> {
  return {
    ...login,
    port: '3389',
    security: 'any',
    // The desktop makes its own key at each start; that it is the right host is known by its fixed address on our bridge.
    'ignore-cert': 'true',
    'resize-method': 'display-update',
    'color-depth': '24',
    'server-layout': 'en-us-qwerty',
    'client-name': 'exam',
    'disable-audio': 'true',
    'disable-copy': 'true',
    'disable-paste': 'true',
    'enable-drive': 'false',
    'enable-printing': 'false',
    'enable-sftp': 'false',
    'enable-font-smoothing': 'true',
  };
}

/** What guacd gets when a student joins a held connection: it needs none of the login. */
export function joinSettings(readOnly: boolean): Record<string, string> {
  return { 'read-only': readOnly ? 'true' : '' };
}
