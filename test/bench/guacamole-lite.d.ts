declare module 'guacamole-lite' {
  /** The package carries no types; this is as much of it as the bench uses. */
  export default class GuacamoleLite {
    constructor(webSocket: object, guacd: { host: string; port: number }, client: object);
  }
}
