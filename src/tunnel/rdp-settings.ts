import { type Rights, studentRights, type TunnelPolicy } from './policy.ts';

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
export function rdpSettings(login: RdpLogin, policy: TunnelPolicy): Record<string, string> {
  return {
    ...login,
    port: '3389',
    security: 'any',
    // The desktop makes its own key at each start; that it is the right host is known by its fixed address on our bridge.
    'ignore-cert': 'true',
    'resize-method': policy.resize,
    'color-depth': '24',
    'server-layout': policy.keyboardLayout,
    'client-name': 'exam',
    'disable-audio': 'true',
    ...clipboardSettings(studentRights(policy)),
    'enable-drive': 'false',
    'enable-printing': 'false',
    'enable-sftp': 'false',
    'enable-font-smoothing': 'true',
  };
}

/** What guacd gets when somebody joins a held connection: it needs none of the login. */
export function joinSettings(rights: Rights): Record<string, string> {
  // guacd takes what a user may paste from that user's own settings, not from those of who opened the connection.
  return { 'read-only': rights.mayAct ? '' : 'true', ...clipboardSettings(rights) };
}

function clipboardSettings({ mayPaste, mayCopy }: Rights): Record<string, string> {
  return { 'disable-copy': String(!mayCopy), 'disable-paste': String(!mayPaste) };
}
