import { spanText } from './countdown.ts';
import { type DesktopKeyboard, desktopKeyboard } from './desktop-keyboard.ts';
import type { Link } from './desktop-link.ts';
import { button, el } from './dom.ts';
import { label, said, say, showPlain } from './language.ts';
import { desktopSize, type Size } from './screen-size.ts';
import type { TextKey } from './texts.ts';

const RESIZE_QUIET_MS = 250;

/** The desktop over the whole window, with a slim bar above. It stays through lost connections; links come and go in it. */
export interface DesktopView {
  readonly element: HTMLElement;
  room(): Size;
  /** Puts a link's picture in place of the one before. */
  hold(link: Link, mayPaste: boolean): void;
  steady(steady: boolean): void;
  /** The connection is gone; the last picture stays, dimmed. */
  lost(untilNextTry: number, tryNow: () => void): void;
  /** Says once that the files stayed on a worker that is gone. */
  noteMoved(): void;
  focusDesktop(): void;
  end(): void;
}

export interface DesktopViewOptions {
  readonly examName: string;
  readonly isRecorded: boolean;
  readonly timeLeft: () => number;
  readonly onHandIn: () => void;
}

export function desktopView(options: DesktopViewOptions): DesktopView {
  const keyboard: DesktopKeyboard = desktopKeyboard();
  const left = el('span', { class: 'left' });
  const light = el('span', { class: 'light', 'aria-hidden': 'true' });
  const words = said('connected');
  const handIn = button('handIn', 'primary', options.onHandIn);
  handIn.id = 'hand-in';
  const keys = button('keyboard', 'quiet', () => keyboard.focus());
  keys.classList.add('touch-only');
  const bar = el(
    'div',
    { class: 'bar' },
    el('span', { class: 'exam-name' }, options.examName),
    el('span', { class: 'bar-state' }, light, words),
    ...(options.isRecorded ? [el('span', { class: 'recorded' }, said('recordedNote'))] : []),
    el('span', { class: 'bar-time' }, el('span', { class: 'wide-only' }, said('timeLeft')), left),
    keys,
    handIn,
  );
  const stage = el('div', { class: 'stage', id: 'stage', role: 'img' });
  const overlay = el('div', { class: 'overlay', role: 'alert', hidden: true });
  const element = el(
    'div',
    { class: 'desktop' },
    bar,
    el('div', { class: 'stage-frame' }, stage, overlay),
    keyboard.element,
  );
  label(stage, 'desktopLabel');
  // A click takes the focus away from the keyboard's field unless its default is off.
  stage.addEventListener('mousedown', (event) => event.preventDefault());

  let link: Link | undefined;
  let resizeTimer: ReturnType<typeof setTimeout> | undefined;
  let tryTimer: ReturnType<typeof setInterval> | undefined;
  const room = () => ({ width: stage.clientWidth, height: stage.clientHeight });

  const onResize = () => {
    link?.fit();
    clearTimeout(resizeTimer);
    resizeTimer = setTimeout(() => link?.resize(desktopSize(room())), RESIZE_QUIET_MS);
  };
  const watcher = new ResizeObserver(onResize);
  watcher.observe(stage);
  let isOverTold = false;
  let isMovedTold = false;
  const tick = setInterval(showTime, 1000);
  showTime();

  function showState(state: 'connected' | 'unsteady' | 'disconnected'): void {
    light.className = `light ${state}`;
    say(words, state);
  }

  function showTime(): void {
    const ms = options.timeLeft();
    left.classList.toggle('short', ms < 5 * 60_000);
    if (ms > 0) showPlain(left, spanText(ms));
    else {
      say(left, 'timeOver');
      if (!isOverTold) note('timeOverNote', button('handIn', 'primary', options.onHandIn));
      isOverTold = true;
    }
  }

  /** A line below the bar, until it is closed. */
  function note(key: TextKey, ...actions: HTMLElement[]): void {
    const close = button('close', 'quiet', () => {
      line.remove();
      keyboard.focus();
    });
    const line = el('div', { class: 'note', role: 'status' }, said(key), ...actions, close);
    bar.after(line);
  }

  return {
    element,
    room,
    hold(next, mayPaste) {
      link = next;
      showState('connected');
      clearInterval(tryTimer);
      stage.replaceChildren(next.element);
      stage.classList.remove('dim');
      overlay.hidden = true;
      next.fit();
      // The window may have changed while the link was being made.
      onResize();
      keyboard.connect(next.key, () => handIn.focus(), mayPaste ? next.paste : undefined);
    },
    steady(steady) {
      if (link) showState(steady ? 'connected' : 'unsteady');
    },
    lost(untilNextTry, tryNow) {
      link = undefined;
      showState('disconnected');
      keyboard.disconnect();
      stage.classList.add('dim');
      const when = el('p', { class: 'quiet-text' });
      const until = Date.now() + untilNextTry;
      const count = () => {
        const seconds = Math.ceil((until - Date.now()) / 1000);
        if (seconds > 0) say(when, 'nextTry', { n: seconds });
        else say(when, 'tryingNow');
      };
      clearInterval(tryTimer);
      tryTimer = setInterval(count, 250);
      count();
      overlay.replaceChildren(
        el(
          'div',
          { class: 'card narrow centered' },
          el('h2', {}, said('lostTitle')),
          el('p', {}, said('lostLead')),
          when,
          button('tryNow', 'primary', tryNow),
        ),
      );
      overlay.hidden = false;
    },
    noteMoved() {
      if (!isMovedTold) note('movedNote');
      isMovedTold = true;
    },
    focusDesktop: () => keyboard.focus(),
    end() {
      clearInterval(tick);
      clearInterval(tryTimer);
      clearTimeout(resizeTimer);
      watcher.disconnect();
      keyboard.disconnect();
      link = undefined;
    },
  };
}
