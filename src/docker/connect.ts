import Docker from 'dockerode';

/** A client of the engine behind this socket. Opens nothing yet. */
export function connectDocker(socketPath: string): Docker {
  return new Docker({ socketPath });
}
