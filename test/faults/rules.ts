import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Rig } from '../rig/rig.ts';
import { execIn } from '../rig/student.ts';

const run = promisify(execFile);
/** In, out and through. */
const CHAINS = 3;

/** The lock stands in every desktop that runs: its table is there and drops by default. Looked at with the rights that nothing inside has. */
export async function locked(rig: Rig): Promise<true | string> {
  const desktops = (await rig.desktops()).filter(({ State }) => State === 'running');
  const open = await Promise.all(
    desktops.map(async ({ Id, Names }) => {
      const container = rig.docker.getContainer(Id);
      const { output } = await execIn(container, ['nft', 'list', 'table', 'inet', 'exam'], '0:0', true);
      const dropping = output.match(/policy drop;/g)?.length ?? 0;
      return dropping === CHAINS
        ? []
        : [`${Names[0]} has ${dropping} of ${CHAINS} chains that drop: ${output.slice(0, 80)}`];
    }),
  );
  return open.flat().length === 0 || open.flat().join(', ');
}

/**
 * What the engine has put up on the host for our networks: rules, and one line into the bridge per container. Looked at by
 * root only.
 */
export class HostRules {
  readonly #rig: Rig;
  readonly #before: readonly string[];

  private constructor(rig: Rig, before: readonly string[]) {
    this.#rig = rig;
    this.#before = before;
  }

  static async look(rig: Rig): Promise<HostRules | undefined> {
    if (process.getuid?.() !== 0) {
      console.log('… the host’s rules and bridges are not looked at: that needs root');
      return undefined;
    }
    const before = await rulesOf(rig);
    if (before.length === 0) throw new Error('iptables-save shows no rule for the rig’s networks');
    return new HostRules(rig, before);
  }

  /** What is not as it was. */
  async wrong(): Promise<string[]> {
    const now = await rulesOf(this.#rig);
    return [
      ...now.filter((rule) => !this.#before.includes(rule)).map((rule) => `new on the host: ${rule}`),
      ...this.#before.filter((rule) => !now.includes(rule)).map((rule) => `gone from the host: ${rule}`),
      ...(await wrongLines(this.#rig)),
    ];
  }
}

/** The host's end of one of the rig's networks. */
export async function bridgeOf(rig: Rig, network: string): Promise<string> {
  return `br-${(await rig.docker.getNetwork(`${rig.code}_${network}`).inspect()).Id.slice(0, 12)}`;
}

async function networksOf(rig: Rig): Promise<{ bridge: string; attached: number }[]> {
  const networks = ['vdi_net', 'exam_net'].map((name) => rig.docker.getNetwork(`${rig.code}_${name}`).inspect());
  return (await Promise.all(networks)).map(({ Id, Containers }) => ({
    bridge: `br-${Id.slice(0, 12)}`,
    attached: Object.keys(Containers ?? {}).length,
  }));
}

async function rulesOf(rig: Rig): Promise<string[]> {
  const bridges = (await networksOf(rig)).map(({ bridge }) => bridge);
  const { stdout } = await run('iptables-save');
  return stdout.split('\n').filter((rule) => bridges.some((bridge) => rule.includes(bridge)));
}

async function wrongLines(rig: Rig): Promise<string[]> {
  const counted = (await networksOf(rig)).map(async ({ bridge, attached }) => {
    const { stdout } = await run('ip', ['-o', 'link', 'show', 'master', bridge]);
    const lines = stdout.split('\n').filter(Boolean).length;
    return lines === attached ? [] : [`${lines} lines into ${bridge}, where ${attached} containers are`];
  });
  return (await Promise.all(counted)).flat();
}
