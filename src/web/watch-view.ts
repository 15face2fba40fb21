import { afterClose, STATUS } from './after-close.ts';
import { call, Refused } from './api.ts';
import { button, el } from './dom.ts';
import { label, said, say } from './language.ts';
import { reasonSaid } from './reason.ts';
import type { TextKey } from './texts.ts';
import { openWatchLink, type WatchLink } from './watch-link.ts';

const AGAIN_MS = 5000;

/** Lets in for a minute: asked for anew at each look, it is given to who may still look. */
interface WatchPass {
  readonly jwt: string;
  readonly tunnelUrl: string;
  readonly username: string | null;
  readonly examId: number;
  readonly userId: number;
}

/**
 * A student's screen over the whole window, to look at only. It comes back by itself after a lost connection, until the
 * session ends. Returns what leaves it.
 */
export function showWatch(root: HTMLElement, watch: string, leave: () => void): () => void {
  const stopping = new AbortController();
  const light = el('span', { class: 'light disconnected', 'aria-hidden': 'true' });
  const state = said('watchOpening');
  const name = el('span', { class: 'exam-name' });
  const stage = el('div', { class: 'stage', id: 'stage', role: 'img' });
  const words = el('p', {});
  const overlay = el(
    'div',
    { class: 'overlay', role: 'alert', hidden: true },
    el('div', { class: 'card narrow centered' }, words),
  );
  const view = el(
    'div',
    { class: 'desktop' },
    el(
      'div',
      { class: 'bar' },
      name,
      el('span', { class: 'bar-state' }, light, state),
      el('span', { class: 'bar-time' }, el('span', { class: 'wide-only' }, said('watchOnly'))),
      button('watchLeave', 'primary', leave),
    ),
    el('div', { class: 'stage-frame' }, stage, overlay),
  );
  label(stage, 'watchLabel');
  root.replaceChildren(view);
  document.body.classList.add('at-desktop');

  let link: WatchLink | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  const room = () => ({ width: stage.clientWidth, height: stage.clientHeight });
  const resized = new ResizeObserver(() => link?.fit());
  resized.observe(stage);
  void look();

  /** What stands over the picture, which stays dimmed below it. */
  function tell(key: TextKey | undefined): void {
    overlay.hidden = key === undefined;
    stage.classList.toggle('dim', key !== undefined);
    light.className = `light ${key ? 'disconnected' : 'connected'}`;
    say(state, key ? 'disconnected' : 'connected');
    if (key) words.replaceChildren(said(key));
  }

  async function look(): Promise<void> {
    try {
      const path = `/vdi/sessions/${watch.replace(':', '/')}/watch`;
      const pass = await call<WatchPass>('POST', path, undefined, stopping.signal);
      say(name, 'watchOf', { name: pass.username ?? pass.userId, exam: pass.examId });
      open(pass);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Refused && error.status === 404) return tell('watchOver');
      tell('watchLost');
      words.append(el('br'), reasonSaid(error));
      timer = setTimeout(() => void look(), AGAIN_MS);
    }
  }

  function open({ tunnelUrl, jwt }: WatchPass): void {
    const next = openWatchLink({
      tunnelUrl,
      watch,
      jwt,
      room,
      onPainted() {
        failures = 0;
        stage.replaceChildren(next.element);
        next.fit();
        tell(undefined);
      },
      onClosed,
    });
    link = next;
  }

  function onClosed(code: number): void {
    if (stopping.signal.aborted) return;
    failures++;
    const after = afterClose(code, failures);
    if (after.kind === 'stop') {
      tell(after.trouble === 'refused' ? 'watchRefused' : 'watchOver');
      return;
    }
    const full = code === STATUS.serverBusy;
    tell(full ? 'watchFull' : 'watchLost');
    timer = setTimeout(() => void look(), full ? AGAIN_MS : after.afterMs);
  }

  return () => {
    stopping.abort();
    clearTimeout(timer);
    resized.disconnect();
    link?.close();
    document.body.classList.remove('at-desktop');
  };
}
