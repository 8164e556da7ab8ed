// The gallery: `?gallery=<state>` draws one state of the window with a clock that stands still, and the bare
// page lists them all. It is loaded only in development and in the gallery build.
import type { Backend } from '../api/backend';
import { MemoryBackend } from '../api/memory';
import { present } from '../state/clock.svelte';
import { NOW } from './make';
import { STATES } from './states';

const settled = () => new Promise((resolve) => setTimeout(resolve, 40));

function index(): void {
  const list = document.createElement('ul');
  for (const name of Object.keys(STATES)) {
    const link = document.createElement('a');
    link.href = `?gallery=${name}`;
    link.textContent = link.dataset['state'] = name;
    list.append(document.createElement('li'));
    list.lastElementChild?.append(link);
  }
  document.body.prepend(list);
}

async function play(name: string): Promise<void> {
  const state = STATES[name];
  await settled();
  for (const selector of state?.press ?? []) {
    document.querySelector<HTMLElement>(selector)?.click();
    await settled();
  }
  if (state?.type) {
    const field = document.querySelector<HTMLInputElement>(state.type.into);
    if (!field) throw new Error(`nothing to type into at ${state.type.into}`);
    field.value = state.type.text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.form?.requestSubmit();
    await settled();
  }
  document.documentElement.dataset['played'] = name;
}

/** The backend of the state that the address names. */
export function galleryBackend(): Backend {
  const name = new URLSearchParams(location.search).get('gallery') ?? '';
  const state = STATES[name];
  if (!state) {
    index();
    return new MemoryBackend({ overview: { providers: [], connections: [], notices: [], vault: 'open', protection: { kind: 'keychain' } } });
  }
  present.now = () => NOW;
  void play(name);
  return new MemoryBackend(state.world);
}
