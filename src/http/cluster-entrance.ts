import type { BlockList } from 'node:net';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { addressOf, plain } from '../callers/address.ts';
import { Attempts } from '../callers/attempts.ts';
import { requestIdOf } from '../callers/call-headers.ts';
import { SIGNATURE_HEADERS } from '../callers/call-signature.ts';
import { withRequestId } from '../callers/request-context.ts';
import type { Log } from '../pool/ports.ts';
import type { CallHead, ClusterGate, Passed } from './cluster-gate.ts';
import type { ClusterTally } from './cluster-tally.ts';
import { type Refused, refusalReply } from './gate-refusals.ts';
import { send, Wrong } from './replies.ts';

export interface EntrancePorts {
  readonly gate: ClusterGate;
  readonly tally: ClusterTally;
  readonly trustedProxies: BlockList;
  readonly log: Log;
  /** Never jumps; milliseconds. */
  uptime(): number;
}

/** What every cluster call passes: who it is from, its body, and that it is what was signed. */
export function clusterEntrance(ports: EntrancePorts): RequestHandler[] {
  const { gate, tally, log } = ports;
  const told = new Attempts(() => ports.uptime());
  const toldLate = new Attempts(() => ports.uptime());

  const refuse = (response: Response, { address }: CallHead, why: Refused): void => {
    tally.refused(why.why, address);
    // Else a stranger fills the log; the sums go on counting.
    if (!told.tooMany(address)) {
      told.refused(address);
      const more = told.tooMany(address) ? { limit: 'reached; the next ten seconds’ are not logged' } : {};
      log.warn({ why: why.why, detail: why.detail, from: address, ...more }, 'cluster call refused');
    }
    send(response, refusalReply(why));
  };
  const pass = ({ address }: CallHead, passed: Passed): void => {
    if (passed.late && !toldLate.tooMany(address)) {
      toldLate.refused(address);
      log.warn(
        { why: passed.late.why, detail: passed.late.detail, from: address },
        'let in by its token, not by its signature',
      );
    }
    if (tally.passed(passed, address))
      log.info({ from: address }, 'a caller still uses WORKER_CLUSTER_TOKEN_PREVIOUS; it is said once per address');
  };

  return [
    async (request, response, next) => {
      const call = headOf(request, ports.trustedProxies);
      response.locals.call = call;
      const verdict = await gate.enter(call);
      if (verdict.kind === 'refused') return refuse(response, call, verdict);
      if (verdict.kind === 'passed') pass(call, verdict);
      response.locals.isToBeChecked = verdict.kind === 'read-on';
      next();
    },
    // As it came: what is signed are bytes.
    express.raw({ type: () => true, limit: '16kb' }),
    (request, response, next) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const call = response.locals.call as CallHead;
      if (response.locals.isToBeChecked) {
        const verdict = gate.checkSignature(call, body);
        if (verdict.kind === 'refused') return refuse(response, call, verdict);
        pass(call, verdict);
      }
      try {
        request.body = body.length > 0 && request.is('json') ? JSON.parse(body.toString('utf8')) : undefined;
      } catch (error) {
        return send(response, new Wrong([{ field: 'body', problem: `cannot be read: ${String(error)}` }]).reply);
      }
      next();
    },
  ];
}

/** The caller's own id for his call, or a new one: in the answer, and in the log of all that comes of it. */
export const giveRequestId: RequestHandler = (request, response, next) => {
  const requestId = requestIdOf(request.get('x-request-id'));
  response.set('x-request-id', requestId);
  withRequestId(requestId, next);
};

export function headOf(request: Request, trustedProxies: BlockList): CallHead {
  const peer = plain(request.socket.remoteAddress ?? '');
  const forwarded = request.get('x-forwarded-for');
  return {
    method: request.method,
    path: request.originalUrl,
    address: addressOf(peer, forwarded ?? '', trustedProxies),
    isInside: forwarded === undefined && (peer === '::1' || peer.startsWith('127.')),
    token: request.get('x-cluster-token'),
    signature: {
      time: request.get(SIGNATURE_HEADERS.time),
      nonce: request.get(SIGNATURE_HEADERS.nonce),
      value: request.get(SIGNATURE_HEADERS.signature),
    },
  };
}
