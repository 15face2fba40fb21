import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const LATENCY_SEC = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const OPENING_SEC = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20];

/** Counts for Prometheus: sums over all students, none of their own, so that a series never grows with who sits here. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #opened = new Histogram({
    name: 'vdi_tunnel_opening_seconds',
    help: 'From the request to the open tunnel.',
    buckets: OPENING_SEC,
    registers: [this.#registry],
  });
  readonly #latency = new Histogram({
    name: 'vdi_tunnel_latency_seconds',
    help: 'Round trips between worker and browsers.',
    buckets: LATENCY_SEC,
    registers: [this.#registry],
  });
  readonly #bytes = new Counter({
    name: 'vdi_tunnel_bytes_total',
    help: 'Bytes that tunnels have passed.',
    labelNames: ['to'],
    registers: [this.#registry],
  });
  readonly #refused = new Counter({
    name: 'vdi_tunnel_refused_total',
    help: 'Tunnels refused, by cause.',
    labelNames: ['why'],
    registers: [this.#registry],
  });
  readonly #clusterCalls = new Counter({
    name: 'vdi_cluster_calls_total',
    help: 'Cluster calls let in, by the token that they know (current, previous).',
    labelNames: ['token', 'signed'],
    registers: [this.#registry],
  });
  readonly #clusterRefused = new Counter({
    name: 'vdi_cluster_refused_total',
    help: 'Cluster calls refused, by cause.',
    labelNames: ['why'],
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param count tunnels open now */
  watchOpen(count: () => number): void {
    this.#registry.registerMetric(
      new Gauge({
        name: 'vdi_tunnels_open',
        help: 'Tunnels open now.',
        registers: [],
        collect() {
          this.set(count());
        },
      }),
    );
  }

  opened(ms: number): void {
    this.#opened.observe(ms / 1000);
  }

  bytes(toBrowser: number, toDesktop: number): void {
    this.#bytes.inc({ to: 'browser' }, toBrowser);
    this.#bytes.inc({ to: 'desktop' }, toDesktop);
  }

  latency(ms: number): void {
    this.#latency.observe(ms / 1000);
  }

  /** @param why one of few causes, never anything that a caller said */
  refused(why: string): void {
    this.#refused.inc({ why });
  }

  clusterCall(token: 'current' | 'previous', isSigned: boolean): void {
    this.#clusterCalls.inc({ token, signed: String(isSigned) });
  }

  /** @param why one of few causes, never anything that a caller said */
  clusterRefused(why: string): void {
    this.#clusterRefused.inc({ why });
  }

  /** All of it, as Prometheus reads it. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
