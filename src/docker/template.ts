import { createHash } from 'node:crypto';
import type { ContainerCreateOptions } from 'dockerode';
import { fileLimits } from '../desktop/files.ts';
import { encodeLabels } from '../desktop/labels.ts';
import type { Order } from '../pool/ports.ts';
import { places } from './places.ts';
import { restrictions } from './restrictions.ts';

/** Everything a desktop is made with, the same for all of this worker; the image and the exam aside. */
export interface Template {
  readonly image: string;
  /** Name of the desktops' network. */
  readonly network: string;
  /** EXAM_* settings passed on to the desktop's entry point. No secret is among them. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  /** Burst limit in cores. The planning figure is another number (docs/operations.md). */
  readonly cpuLimit: number;
  readonly shmMb: number;
  readonly pidsLimit: number;
  /** Of a student's files; 0: none. */
  readonly workspaceLimitMb: number;
  /** Text of the seccomp profile. */
  readonly seccomp: string;
  /** Name of the key from which the desktops' proof keys are made. */
  readonly proofKeyName: string;
}

const MB = 1024 * 1024;

/** Short digest that changes whenever new desktops would differ from those made before. */
export function templateDigest(template: Template): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 16);
}

/**
 * @param targets what no desktop may reach, as NAME=ADDRESS:PORT, for its probe to try
 * @param limitsSize the engine's file system keeps a volume's size
 */
export function createOptions(
  template: Template,
  order: Order,
  targets: readonly string[] = [],
  limitsSize = false,
): ContainerCreateOptions {
  const env: Record<string, string> = {
    ...template.env,
    ...order.labels.overrides,
    EXAM_WORKSPACE_LIMIT_MB: String(template.workspaceLimitMb),
    EXAM_ID: String(order.labels.examId),
    EXAM_DESKTOP_ID: order.labels.desktopId,
    EXAM_PROOF_TARGETS: [...targets, `neighbour=${neighbourOf(order.ip)}:3389`].join(' '),
  };
  const labels = encodeLabels(order.labels);
  const limits = fileLimits(template.workspaceLimitMb);
  return {
    name: order.name,
    // By id, so that the desktop is of the image its label names even if the tag moves meanwhile.
    Image: order.labels.imageId,
    Hostname: 'exam',
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: labels,
    HostConfig: {
      ...places(labels, order.volume, limitsSize ? limits : undefined),
      ...restrictions(template.seccomp, limits.fileMb),
      Memory: template.memoryMb * MB,
      MemorySwap: template.memoryMb * MB,
      NanoCpus: Math.round(template.cpuLimit * 1e9),
      ShmSize: template.shmMb * MB,
      PidsLimit: template.pidsLimit,
      // Who sits where is ours to decide: a desktop that stopped is brought back by the worker, for its student.
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '1' } },
      NetworkMode: template.network,
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [template.network]: {
          IPAMConfig: { IPv4Address: order.ip },
          Aliases: provingNames(env.EXAM_BROWSER_URL ?? ''),
        },
      },
    },
  };
}

// Names that Docker's own name service surely answers, as the probe asks for them (exam-linux: tries.sh): a forbidden one,
// one below the exam site's, and one with a label too long to be a site's.
function provingNames(browserUrl: string): string[] {
  const host = URL.canParse(browserUrl) ? new URL(browserUrl).hostname : '';
  const below = /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/.test(host)
    ? [`exam-proof.${host}`, `exam-proof-with-a-label-longer-than-any-name-of-a-site.${host}`]
    : [];
  return ['forbidden.exam-proof', ...below];
}

/** The address beside it, where another desktop may be. */
function neighbourOf(ip: string): string {
  return ip.replace(/\d+$/, (last) => String(Number(last) ^ 1));
}
