// A person's own choices for a connection: what it is called, and in which browser it signs in.
import { cleanup, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import App from './App.svelte';
import { MemoryBackend } from './lib/api/memory';
import { NOW } from './lib/gallery/make';
import { STATES } from './lib/gallery/states';
import { present } from './lib/state/clock.svelte';

let backend: MemoryBackend;
const person = userEvent.setup();

async function open(name: string): Promise<void> {
  const state = STATES[name];
  if (!state) throw new Error(`no state ${name}`);
  backend = new MemoryBackend(structuredClone(state.world));
  render(App, { backend });
  await screen.findByRole('heading', { level: 2, name: 'Add a connection' });
}

const card = (name: RegExp) => within(screen.getByRole('article', { name }));
const work = () => card(/^work, Ada Lovelace, Spotify$/);
const request = (operation: string) => backend.calls.findLast((call) => call.operation === operation)?.request;
const details = () => person.click(work().getByText('Details and history'));

beforeEach(() => {
  present.now = () => NOW;
});
afterEach(cleanup);

describe('an alias', () => {
  it('names the card, its account and its buttons', async () => {
    await open('aliases');
    expect(work().getByText('Ada Lovelace', { selector: 'li *' })).toBeTruthy();
    expect(work().getByRole('button', { name: 'Disconnect Spotify, work (Ada Lovelace)' })).toBeTruthy();
    await person.click(work().getByRole('button', { name: /^Disconnect/ }));
    expect(screen.getByRole('dialog', { name: 'Disconnect work (Ada Lovelace) from Spotify?' })).toBeTruthy();
  });

  it('is changed by keyboard alone, and the keyboard comes back', async () => {
    await open('aliases');
    await details();
    work().getByRole('button', { name: /^Rename/ }).focus();
    await person.keyboard('{Enter}');
    const field = await work().findByRole('textbox', { name: 'Your own name for this connection' });
    expect(document.activeElement).toBe(field);
    await person.clear(field);
    await person.keyboard('office{Enter}');
    expect(request('rename')).toEqual({ connection: 'c-1', alias: 'office' });
    const renamed = card(/^office, Ada Lovelace, Spotify$/);
    await waitFor(() => expect(document.activeElement).toBe(renamed.getByRole('button', { name: /^Rename/ })));
    expect(await screen.findByText('Ada Lovelace is called office from here on')).toBeTruthy();
  });

  it('stays as it was after Escape', async () => {
    await open('aliases');
    await details();
    await person.click(work().getByRole('button', { name: /^Rename/ }));
    await person.keyboard('something else{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(work().getByRole('button', { name: /^Rename/ })));
    expect(request('rename')).toBeUndefined();
  });

  it('that another one has is said at the field, which keeps what was typed', async () => {
    await open('rename-taken');
    await details();
    await person.click(work().getByRole('button', { name: /^Rename/ }));
    const field = await work().findByRole<HTMLInputElement>('textbox', { name: /^Your own name/ });
    await person.clear(field);
    await person.keyboard('home{Enter}');
    await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
    const described = field.getAttribute('aria-describedby')?.split(' ')[0] ?? '';
    expect(document.getElementById(described)?.textContent).toContain('Ben Okafor');
    expect(field.value).toBe('home');
    expect(document.activeElement).toBe(field);
  });
});

describe('a browser', () => {
  const choice = () => work().findByRole<HTMLSelectElement>('combobox', { name: 'Sign in with' });

  it('is chosen for a connection, and the standard one is a choice too', async () => {
    await open('browser-choice');
    await details();
    expect((await choice()).value).toBe('work.desktop');
    await person.selectOptions(await choice(), 'Firefox');
    expect(request('chooseBrowser')).toEqual({ connection: 'c-1', browser: 'firefox.desktop' });
    expect(await screen.findByText('Sign-ins open in Firefox')).toBeTruthy();
    await person.selectOptions(await choice(), 'Standard browser');
    expect(request('chooseBrowser')).toEqual({ connection: 'c-1', browser: null });
  });

  it('that is gone is named, and what happens instead', async () => {
    await open('browser-gone');
    await details();
    const select = await choice();
    expect(select.value).toBe('chrome-work.desktop');
    const described = document.getElementById(select.getAttribute('aria-describedby') ?? '');
    expect(described?.textContent).toContain('sign-ins open in the standard one');
  });

  it('is no question where there is none to choose', async () => {
    await open('details');
    await person.click(screen.getAllByText('Details and history')[0] as HTMLElement);
    await screen.findByText('What happened');
    expect(screen.queryByRole('combobox')).toBeNull();
  });

  it('is picked for one sign-in', async () => {
    await open('open-in');
    await person.click(await work().findByText('Open again in …'));
    await person.click(work().getByRole('button', { name: 'Open again in Firefox for work' }));
    expect(request('openSignInPage')).toEqual({ signIn: 's-1', browser: 'work.desktop' });
    await person.click(work().getByRole('button', { name: 'Open again' }));
    expect(request('openSignInPage')).toEqual({ signIn: 's-1', browser: null });
  });
});
