import { setTimeout as pause } from 'node:timers/promises';
import { connectDocker } from '../../src/docker/connect.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { CLOSED } from '../../src/tunnel/policy.ts';
import { rdpSettings } from '../../src/tunnel/rdp-settings.ts';
import { imageReference } from './images.ts';
import { RdpLogin } from './rdp-login.ts';
import { Rig } from './rig.ts';

const SITE = 'odd.school.test';
/** From the first picture of a login until its keys go where they should. */
const SETTLED_MS = 1_500;

/** One student's desktop with the browser on a page of the odd site, and somebody who can sit down at it by RDP. */
export class Seat {
  readonly rig: Rig;
  readonly #logins: RdpLogin[] = [];
  desktop = '';
  #ip = '';

  constructor(name: string, path: string) {
    this.rig = new Rig({ name, env: { EXAM_BROWSER_URL: `http://${SITE}${path}`, EXAM_ALLOWED_DOMAINS: SITE } });
  }

  async start(): Promise<void> {
    const { rig } = this;
    await rig.start();
    const command = ['node', 'test/rig/odd-site.ts'];
    await rig.service('odd-site', imageReference('NODE_IMAGE'), command, `${rig.prefix}.0.41`, [SITE]);
    const { body } = await rig.until('a desktop', async () => {
      const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 95, userId: 1 });
      return answer.status === 200 && answer;
    });
    this.desktop = body.containerId;
    this.#ip = body.ip;
    await rig.until('the held connection', async () => (await this.screens()).length > 0);
  }

  async stop(): Promise<void> {
    for (const login of this.#logins) login.close();
    await this.rig.stop();
  }

  /** What a shell inside prints, as root unless told otherwise. */
  async inside(command: string, as: 'root' | 'student' = 'root'): Promise<string> {
    return (await this.rig.exec(this.desktop, ['sh', '-c', command], as)).output.trim();
  }

  /** The processes of xrdp that paint for a client: the first of all is the one that listens. */
  async screens(): Promise<string[]> {
    return (await this.inside('pgrep -x xrdp')).split(/\s+/).slice(1);
  }

  /** What the page says was typed into it, in order. */
  typed(): Promise<string[]> {
    return this.#told('/typed/');
  }

  /** What its text field held after each change. */
  texts(): Promise<string[]> {
    return this.#told('/text/');
  }

  async #told(prefix: string): Promise<string[]> {
    const asked = await this.asked();
    return asked.flatMap((path) => (path.startsWith(prefix) ? decodeURIComponent(path.slice(prefix.length)) : []));
  }

  /** Paths that the site was asked for, by whomever. */
  async asked(): Promise<string[]> {
    const all = (await (await fetch(`http://${this.rig.prefix}.0.41/asked`)).json()) as { path: string }[];
    return all.map(({ path }) => path);
  }

  password(): Promise<string> {
    return Seat.passwordOf(this.desktop);
  }

  /** The RDP password of a desktop, read as the worker reads it. */
  static passwordOf(containerId: string): Promise<string> {
    return new DockerEngine(connectDocker('/var/run/docker.sock'), '', {} as never, {} as never).password(containerId);
  }

  /** Sits down in place of the worker, which would otherwise take the screen back for the connection that it holds. */
  async sitDown(more: Record<string, string> = {}): Promise<RdpLogin> {
    const password = await this.password();
    await this.rig.stopWorker();
    const login = await this.logIn(password, more);
    await pause(SETTLED_MS);
    return login;
  }

  async logIn(password: string, more: Record<string, string> = {}): Promise<RdpLogin> {
    const guacd = await this.rig.addressOf('guacd');
    const settings = { ...rdpSettings({ hostname: this.#ip, username: 'student', password }, CLOSED), ...more };
    const login = await RdpLogin.open(guacd, settings);
    this.#logins.push(login);
    await this.rig.until('a screen painted', async () => login.opcodes.has('img') && login.opcodes.has('sync'));
    return login;
  }
}
