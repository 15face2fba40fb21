import Docker from 'dockerode';

/** A client of the engine behind this socket. Opens nothing yet. */
export function connectDocker(socketPath: string): Docker {
  return new Docker({ socketPath });
}

/** What somebody may wait for the engine. Milliseconds. */
export interface Patience {
  /** Until it begins to answer. */
  readonly answerMs: number;
  /** Between two bytes of an answer; undefined for an answer that goes on for as long as somebody listens. */
  readonly idleMs?: number;
}

/**
 * The same client, whose calls all end: an engine that accepts a call and never answers would hold its caller for ever.
 * A call that ends so rises as if the connection had been cut.
 */
export function bounded(docker: Docker, { answerMs, idleMs }: Patience): Docker {
  const limits = { connectionTimeout: answerMs, timeout: idleMs };
  const modem = Object.assign(Object.create(Object.getPrototypeOf(docker.modem)), docker.modem, limits);
  return Object.assign(Object.create(Object.getPrototypeOf(docker)), docker, { modem });
}
