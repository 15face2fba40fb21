const form = document.querySelector('#exam');
const answer = document.querySelector('#answer');
const state = document.querySelector('#state');

async function send(path) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: answer.value }),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
}

// One at a time and the newest last: two requests under way could overtake each other.
let sending = false;
let again = false;
async function sendTyped() {
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  do {
    again = false;
    await send('/typed').catch(() => {});
  } while (again);
  sending = false;
}

answer.addEventListener('input', () => {
  state.textContent = 'Not saved yet';
  void sendTyped();
});

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await send('/answers');
    state.textContent = `Saved at ${new Date().toLocaleTimeString()}`;
  } catch {
    state.textContent = 'Not saved: the exam site does not answer. Press Save again.';
  }
});
