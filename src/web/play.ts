import Guacamole from 'guacamole-common-js';
import { spanText } from './countdown.ts';
import { button, byId, el, show } from './dom.ts';
import { label, onLanguage, said, say, t } from './language.ts';
import { fileTunnel } from './recording-file.ts';
import { fitDisplay } from './screen-size.ts';
import { fillHeader, fillSkipLink } from './shell.ts';
import type { TextKey } from './texts.ts';

// Plays a recording that lies on the operator's own disk: nothing is asked of a server, so nobody has to log in.
const root = byId('main');

function choose(problem?: TextKey): void {
  document.body.classList.remove('at-desktop');
  const file = el('input', { type: 'file', id: 'recording', accept: '.guac' });
  const wrong = el('p', { class: 'wrong', role: 'alert' }, ...(problem ? [said(problem)] : []));
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen) playFile(chosen);
  });
  show(
    root,
    el(
      'section',
      { class: 'card narrow' },
      el('h1', {}, said('playName')),
      el('p', { class: 'lead' }, said('playLead')),
      el('label', { for: file.id }, said('playFile')),
      file,
      wrong,
    ),
  );
}

function playFile(file: File): void {
  const recording = new Guacamole.SessionRecording(fileTunnel(file, () => choose('playBroken')));
  const display = recording.getDisplay();
  const stage = el('div', { class: 'stage', id: 'stage' }, display.getElement());
  const position = el('input', { type: 'range', min: 0, max: 0, step: 100, value: 0, class: 'position' });
  const time = el('span', { class: 'left' });
  const toggle = button('play', 'primary', () => (recording.isPlaying() ? recording.pause() : recording.play()));
  const close = button('close', 'quiet', () => {
    recording.abort();
    recording.pause();
    resized.disconnect();
    choose();
  });
  label(position, 'playPosition');
  document.body.classList.add('at-desktop');
  root.replaceChildren(
    el(
      'div',
      { class: 'desktop' },
      el('div', { class: 'bar' }, el('span', { class: 'exam-name' }, file.name), toggle, position, time, close),
      el('div', { class: 'stage-frame' }, stage),
    ),
  );

  const fit = () => fitDisplay(display, { width: stage.clientWidth, height: stage.clientHeight });
  const resized = new ResizeObserver(fit);
  resized.observe(stage);
  display.onresize = fit;

  const tell = (at: number) => {
    position.value = String(at);
    time.textContent = `${spanText(at)} / ${spanText(recording.getDuration())}`;
  };
  position.addEventListener('input', () => recording.seek(position.valueAsNumber));
  recording.onplay = () => say(toggle, 'pause');
  recording.onpause = () => say(toggle, 'play');
  recording.onseek = tell;
  recording.onprogress = (duration) => {
    position.max = String(duration);
    tell(position.valueAsNumber);
  };
  // A file whose end is missing has played up to there; only one that never showed a picture is no recording.
  recording.onload = () => {
    if (recording.getDuration() > 0) recording.play();
    else choose('playBroken');
  };
  recording.connect();
}

onLanguage(() => {
  document.title = t('playName');
});
document.title = t('playName');
fillHeader('consoleName', undefined, () => undefined);
fillSkipLink();
choose();
