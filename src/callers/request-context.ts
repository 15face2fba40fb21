import { AsyncLocalStorage } from 'node:async_hooks';

const request = new AsyncLocalStorage<{ readonly requestId: string }>();

/** Whatever comes of this is known to come of that request: in the log, and in the calls made to others because of it. */
export function withRequestId<T>(requestId: string, run: () => T): T {
  return request.run({ requestId }, run);
}

/** Fields for each line of the log; none where no request is the cause. */
export function requestFields(): { readonly requestId?: string } {
  return request.getStore() ?? {};
}
