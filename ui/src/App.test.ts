// The window in every state of the gallery, by role and by what is read: what a person finds and can do.
import { cleanup, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import App from './App.svelte';
import { MemoryBackend } from './lib/api/memory';
import { NOW } from './lib/gallery/make';
import { PROMPT_STATES } from './lib/gallery/prompts';
import { SAYS } from './lib/gallery/says';
import { STATES } from './lib/gallery/states';
import { present } from './lib/state/clock.svelte';

let backend: MemoryBackend;
const person = userEvent.setup();

/** Draws a state as the gallery does, with the presses it names. */
async function open(name: string): Promise<void> {
  const state = STATES[name];
  if (!state) throw new Error(`no state ${name}`);
  backend = new MemoryBackend(structuredClone(state.world));
  render(App, { backend });
  if (state.world.silent || state.world.problems?.watch) return;
  await screen.findByRole('heading', { level: 2, name: /^(Add a|Choose a first) connection$/ });
  for (const selector of state.press ?? []) {
    const button = await waitFor(() => {
      const found = document.querySelector<HTMLElement>(selector);
      if (!found) throw new Error(`nothing at ${selector}`);
      return found;
    });
    await person.click(button);
  }
  if (state.type) {
    const field = document.querySelector<HTMLInputElement>(state.type.into);
    if (!field) throw new Error(`nothing to type into at ${state.type.into}`);
    await person.type(field, `${state.type.text}{Enter}`);
  }
}

const asked = () => backend.calls.map(({ operation }) => operation).filter((operation) => !['watch', 'browsers'].includes(operation));
const card = (name: RegExp) => within(screen.getByRole('article', { name }));
const ada = () => card(/^Ada Lovelace, Spotify$/);
const button = (name: string | RegExp) => screen.getByRole('button', { name });

beforeEach(() => {
  present.now = () => NOW;
});
afterEach(cleanup);

describe('the gallery', () => {
  it('has words here for each of its states', () => {
    const questions = new Set(Object.keys(PROMPT_STATES));
    expect(Object.keys(SAYS).sort()).toEqual(Object.keys(STATES).filter((name) => !questions.has(name)).sort());
  });

  it.each(Object.entries(SAYS))('%s', async (name, words) => {
    await open(name);
    for (const word of words) {
      await waitFor(() => expect(screen.queryAllByText(word), `${name}: ${String(word)}`).not.toHaveLength(0));
    }
    // One name for the window, one main part, no button without a name, no test hook missing.
    expect(screen.getAllByRole('heading', { level: 1 })).toHaveLength(1);
    expect(screen.getAllByRole('main', { hidden: true })).toHaveLength(1);
    for (const one of screen.queryAllByRole('button', { hidden: true })) {
      // What sends is in a form; everything else only does what it says.
      expect(one).toHaveProperty('type', one.closest('form') && one.matches('.primary') ? expect.any(String) : 'button');
      expect(one.dataset['action'], one.outerHTML).toBeTruthy();
      expect(one.getAttribute('aria-label') ?? one.textContent.trim()).not.toBe('');
    }
  }, 15_000);
});

describe('a connection', () => {
  it('carries its state for tests and scripts', async () => {
    await open('attention');
    const article = screen.getByRole('article', { name: /^Ada Lovelace, Spotify$/ });
    expect({ ...article.dataset }).toMatchObject({
      connection: 'c-1',
      health: 'attention',
      severity: 'attention',
      activity: 'idle',
    });
    expect(article.querySelector('[data-field=account]')?.textContent).toBe('Ada Lovelace');
  });

  it('reconnects, checks and asks before it disconnects', async () => {
    await open('attention');
    await person.click(ada().getByRole('button', { name: 'Check again: Spotify, Ada Lovelace' }));
    await person.click(ada().getByRole('button', { name: 'Reconnect Spotify, Ada Lovelace' }));
    expect(asked()).toEqual(['check', 'reconnect']);
    expect(await ada().findByRole('timer', { name: 'Time left' })).toBeTruthy();
    expect(ada().queryByRole('button', { name: /^Reconnect/ })).toBeNull();
    await person.click(ada().getByRole('button', { name: /^Disconnect/ }));
    const dialog = within(screen.getByRole('dialog', { name: 'Disconnect Ada Lovelace from Spotify?' }));
    await person.click(dialog.getByRole('button', { name: 'Keep it' }));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(asked()).not.toContain('disconnect');
  });

  it('gives the keyboard back after a dialog', async () => {
    await open('healthy');
    const disconnect = ada().getByRole('button', { name: /^Disconnect/ });
    await person.click(disconnect);
    await person.click(button('Keep it'));
    expect(document.activeElement).toBe(disconnect);
  });

  it('keeps the keyboard when the pressed button goes', async () => {
    await open('reconnect-waiting');
    await person.click(ada().getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(ada().queryByRole('timer')).toBeNull());
    await waitFor(() => expect(document.activeElement?.textContent).toContain('Ada Lovelace'));
  });

  it('reads its history only when somebody looks', async () => {
    await open('details');
    await waitFor(() => expect(asked()).toEqual(['history']));
    cleanup();
    await open('healthy');
    expect(asked()).toEqual([]);
  });

  it('is diagnosed by keyboard, keeps the focus and has its report copied', async () => {
    await open('diagnosis');
    const panel = within(ada().getByRole('region', { name: 'Diagnosis' }));
    const diagnose = panel.getByRole('button', { name: 'Diagnose Spotify, Ada Lovelace' });
    diagnose.focus();
    await person.keyboard('{Enter}');
    await waitFor(() => expect(asked().filter((operation) => operation === 'diagnose')).toHaveLength(2));
    expect(document.activeElement).toBe(diagnose);
    await person.tab();
    await person.keyboard('{Enter}');
    expect(asked()).toContain('copyDiagnosis');
    expect(await panel.findByRole('button', { name: 'Copied' })).toBeTruthy();
  });

  it('says aloud what a diagnosis found', async () => {
    await open('diagnosis-failed');
    expect(await screen.findByText('Spotify, Ada Lovelace: one step failed')).toBeTruthy();
  });

  it('grants more, and only what was chosen', async () => {
    await open('grant-more');
    await person.click(ada().getByRole('checkbox', { name: 'Save music and remove it' }));
    await person.click(ada().getByRole('checkbox', { name: 'See and change whom you follow' }));
    await person.click(button('Allow these too at Spotify, Ada Lovelace'));
    const { request } = backend.calls.find(({ operation }) => operation === 'reconnect') ?? {};
    expect(request).toEqual({ connection: 'c-1', redirect: null, further: ['edit-library'] });
  });

  it('is forgotten without waiting', async () => {
    await open('disconnecting');
    await person.click(button('Forget without waiting'));
    expect(asked()).toEqual(['forget']);
    expect((await screen.findByRole('status')).textContent).toContain('did not confirm');
  });

  it('leads to the set-up when the client id is the trouble', async () => {
    await open('misconfigured');
    await person.click(button('Show the set-up'));
    expect(await screen.findByRole('textbox', { name: 'Client id' })).toBeTruthy();
  });
});

describe('a sign-in', () => {
  const waiting = () => within(document.querySelector<HTMLElement>('[data-stage=waiting-for-browser]') ?? document.body);

  it('offers every way on while it waits', async () => {
    await open('sign-in-overdue');
    for (const name of ['Open again', 'Copy link', 'Try another way', 'Cancel']) {
      await person.click(waiting().getByRole('button', { name }));
    }
    expect(asked()).toEqual(['openSignInPage', 'copySignInLink', 'beginSignIn', 'cancelSignIn']);
    expect(backend.calls.find(({ operation }) => operation === 'beginSignIn')?.request).toMatchObject({
      redirect: 'loopback',
    });
  });

  it('is for what the person chose to allow', async () => {
    await open('purposes');
    const spotify = card(/^Spotify/);
    await person.click(spotify.getByRole('checkbox', { name: 'See what you played recently' }));
    await person.click(spotify.getByRole('checkbox', { name: 'See and change whom you follow' }));
    await person.click(button('Sign in to Spotify'));
    const { request } = backend.calls.find(({ operation }) => operation === 'beginSignIn') ?? {};
    expect(request).toMatchObject({ provider: 'spotify', purposes: ['read-library', 'follow'] });
  });

  it('is patient at first', async () => {
    await open('sign-in-waiting');
    expect(screen.queryByRole('button', { name: 'Try another way' })).toBeNull();
  });

  it('begins at the provider and shows that it waits', async () => {
    await open('first-run');
    await person.click(button('Sign in to Discord'));
    expect(await screen.findByRole('heading', { name: 'Waiting for your browser' })).toBeTruthy();
    expect(document.querySelector('[data-provider=discord] [data-stage=waiting-for-browser]')).not.toBeNull();
  });

  it('says how it ended, and is dismissed', async () => {
    await open('sign-in-declined');
    expect(document.querySelector('[data-ending=declined]')).not.toBeNull();
    await person.click(button('Dismiss'));
    expect(asked()).toEqual(['cancelSignIn']);
    expect(button('Sign in to Discord')).toBeTruthy();
  });

  it('goes on in memory only when the person says so', async () => {
    await open('keychain-dialog');
    await person.click(button('Sign in for this session only'));
    expect(backend.calls.map(({ request }) => request).filter(Boolean)).toMatchObject([
      { keep: 'keychain' },
      { keep: 'memory' },
    ]);
  });
});

const WORDS = 'planted-correct horse battery';
const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);
/** What is said about a field, as a screen reader puts it together. */
const described = (input: HTMLElement) =>
  (input.getAttribute('aria-describedby') ?? '')
    .split(' ')
    .map((id) => document.getElementById(id)?.textContent ?? '')
    .join(' ');
const live = () => document.querySelector('[aria-live=polite]')?.textContent;

/** Nothing that a person sees, hears or could read out of the page holds the passphrase. */
function expectForgotten(): void {
  expect(document.documentElement.outerHTML).not.toContain('planted-');
  for (const input of document.querySelectorAll('input')) expect(input.value).not.toContain('planted-');
}

describe('the passphrase', () => {
  it('is asked for at once, and Enter unlocks', async () => {
    await open('passphrase-needed');
    expect(document.activeElement).toBe(field('Passphrase'));
    expect(field('Passphrase').type).toBe('password');
    await person.keyboard(`${WORDS}{Enter}`);
    await waitFor(() => expect(screen.queryByLabelText('Passphrase')).toBeNull());
    expect(backend.calls.at(-1)).toEqual({ operation: 'unlock', request: { passphrase: WORDS } });
    expect(live()).toContain('Unlocked');
    expect(screen.getByText(/You enter it each time Latchkey starts/)).toBeTruthy();
    // The form is gone; the keyboard goes on at the connections.
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Connections' })));
    expectForgotten();
  });

  it('is emptied when it is wrong, and the next try waits', async () => {
    await open('passphrase-wrong');
    const input = field('Passphrase');
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('This is not the passphrase.'));
    expect(input.value).toBe('');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(described(input)).toContain('This is not the passphrase.');
    expect(document.activeElement).toBe(input);
    expect(screen.getByRole('timer', { name: 'Time until the next try' }).textContent.trim()).toBe('0:08');
    expect(button('Unlock').getAttribute('aria-disabled')).toBe('true');
    // What is typed meanwhile stays for when the wait is over.
    await person.type(input, `${WORDS}{Enter}`);
    expect(asked()).toEqual(['unlock']);
    expect(input.value).toBe(WORDS);
    present.now = () => NOW + 8_500;
    await waitFor(() => expect(screen.queryByRole('timer')).toBeNull(), { timeout: 3_000 });
    expect(live()).toBe('You can try again now.');
    backend['world'].problems = {};
    await person.click(button('Unlock'));
    await waitFor(() => expect(screen.queryByLabelText('Passphrase')).toBeNull());
    expect(asked()).toEqual(['unlock', 'unlock']);
    expectForgotten();
  }, 10_000);

  it('is sent once, however often Enter is pressed', async () => {
    await open('passphrase-needed');
    backend['world'].silent = ['unlock'];
    await person.keyboard(`${WORDS}{Enter}{Enter}`);
    expect(asked()).toEqual(['unlock']);
    expect(button('Unlock').getAttribute('aria-busy')).toBe('true');
  });

  it('is shown only while the person wants to see it', async () => {
    await open('passphrase-wrong');
    await person.click(screen.getByRole('checkbox', { name: 'Show what I type' }));
    expect(field('Passphrase').type).toBe('text');
  });

  it('is offered where the keychain is missing, and the sign-in is begun again by the person', async () => {
    await open('keychain-dialog');
    const refused = within(screen.getByRole('dialog', { name: 'The keychain is not available' }));
    expect(refused.getByRole('button', { name: 'Sign in for this session only' })).toBeTruthy();
    await person.click(refused.getByRole('button', { name: 'Protect with a passphrase' }));
    await screen.findByRole('dialog', { name: 'Protect your sign-ins with a passphrase' });
    await person.type(field('New passphrase'), WORDS);
    await person.type(field('The same again'), `${WORDS} not{Enter}`);
    expect((await screen.findByRole('alert')).textContent).toContain('not the same');
    expect(document.activeElement).toBe(field('The same again'));
    expect(asked()).toEqual(['beginSignIn']);
    await person.clear(field('The same again'));
    await person.type(field('The same again'), `${WORDS}{Enter}`);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(backend.calls.at(-1)).toEqual({ operation: 'protectWithPassphrase', request: { passphrase: WORDS } });
    expect((await screen.findByRole('status')).textContent).toContain('You can sign in now.');
    expect(screen.getByText(/sealed on this computer under your passphrase\. You enter/)).toBeTruthy();
    // The keyboard is back where the person was.
    expect(document.activeElement).toBe(button('Sign in to Discord'));
    expectForgotten();
    backend['world'].problems = {};
    await person.click(button('Sign in to Discord'));
    expect(await screen.findByRole('heading', { name: 'Waiting for your browser' })).toBeTruthy();
    expect(asked()).toEqual(['beginSignIn', 'protectWithPassphrase', 'beginSignIn']);
  }, 10_000);

  it('must be long enough before anything is asked of Latchkey', async () => {
    await open('protect-dialog-short');
    expect(described(field('New passphrase'))).toContain('use at least 12 characters');
    expect(document.activeElement).toBe(field('New passphrase'));
    expect(asked()).toEqual([]);
  });

  it('that Latchkey refuses is said in the dialog, which stays', async () => {
    await open('protect-dialog');
    backend['world'].problems = {
      protectWithPassphrase: { code: 'storage', message: 'The disk is full.', hint: 'Make room.', connection: null, retryAfterMs: null },
    };
    await person.type(field('New passphrase'), WORDS);
    await person.type(field('The same again'), `${WORDS}{Enter}`);
    expect((await screen.findByRole('alert')).textContent).toBe('The disk is full. Make room.');
    expectForgotten();
  });

  it('is offered on a sign-in that the keychain ended', async () => {
    await open('sign-in-failed-keychain');
    expect(button('Sign in for this session only')).toBeTruthy();
    await person.click(screen.getAllByRole('button', { name: 'Protect with a passphrase' })[0] ?? document.body);
    expect(await screen.findByRole('dialog', { name: 'Protect your sign-ins with a passphrase' })).toBeTruthy();
  });
});

describe('the key file', () => {
  it('that was moved is taken where it is now', async () => {
    await open('key-file-unusable');
    await person.type(field('Where the key file is now'), ' /media/ada/other/latchkey.key {Enter}');
    await waitFor(() => expect(screen.queryByText('The key file cannot be used')).toBeNull());
    expect(backend.calls.at(-1)?.request).toEqual({ path: '/media/ada/other/latchkey.key', create: false });
  });
});

describe('where sign-ins are kept', () => {
  it('lets the passphrase be changed by who knows it', async () => {
    await open('security-change');
    expect(document.activeElement).toBe(field('Present passphrase'));
    await person.keyboard('planted-old words');
    await person.type(field('New passphrase'), WORDS);
    await person.type(field('The same again'), `${WORDS}{Enter}`);
    expect((await screen.findByRole('status')).textContent).toContain('Passphrase changed');
    expect(backend.calls.at(-1)?.request).toEqual({ old: 'planted-old words', new: WORDS });
    expect(document.activeElement).toBe(button('Change the passphrase'));
    expectForgotten();
  });

  it('marks the present passphrase when it is wrong', async () => {
    await open('security-change');
    backend['world'].problems = {
      changePassphrase: { code: 'invalid-input', message: 'This is not the passphrase.', hint: null, connection: null, retryAfterMs: 1_000 },
    };
    await person.keyboard('planted-guess');
    await person.type(field('New passphrase'), WORDS);
    await person.type(field('The same again'), `${WORDS}{Enter}`);
    await screen.findByRole('alert');
    expect(field('Present passphrase').getAttribute('aria-invalid')).toBe('true');
    expectForgotten();
  });

  it('replaces the key, and goes back to the keychain', async () => {
    await open('security');
    await person.click(button('Replace the key now'));
    await person.click(button('Use the keychain instead'));
    expect(asked()).toEqual(['rotateKey', 'useKeychain']);
    expect(await screen.findByText(/kept in the keychain of this computer/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Change the passphrase' })).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Where your sign-ins are kept' })));
  });

  it('says why the key could not be replaced', async () => {
    await open('security');
    backend['world'].problems = {
      rotateKey: { code: 'temporary', message: 'The key is being replaced.', hint: 'Wait.', connection: null, retryAfterMs: null },
    };
    await person.click(button('Replace the key now'));
    expect((await screen.findByRole('status')).textContent).toContain('The key is being replaced. Wait.');
  });

  it('exports, and names what became of each connection', async () => {
    await open('security-export');
    await person.type(field('Whole path of the new file'), '/home/ada/mine.latchkey');
    await person.type(field('Passphrase for this file'), WORDS);
    await person.type(field('The same again'), `${WORDS}{Enter}`);
    await screen.findByRole('heading', { name: 'Exported' });
    expect(live()).toBe('Exported 2 of 2 connections');
    expect(backend.calls.at(-1)?.request).toEqual({ path: '/home/ada/mine.latchkey', passphrase: WORDS });
    const report = within(document.querySelector<HTMLElement>('[data-report=exported]') ?? document.body);
    expect(report.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
      'Ada Lovelace, Spotify: exported; the other computer renews it',
      'Ben Okafor, Discord: exported; the other computer renews it',
    ]);
    await person.click(report.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('heading', { name: 'Exported' })).toBeNull();
    expectForgotten();
  }, 10_000);

  it('imports with one passphrase', async () => {
    await open('security-import');
    await person.type(field('Whole path of the file'), '/home/ada/mine.latchkey');
    await person.type(field('Passphrase of this file'), `${WORDS}{Enter}`);
    expect(await screen.findByText('There was nothing in it.')).toBeTruthy();
    expectForgotten();
  });
});

describe('the live region', () => {
  it('is one, and says a change of health', async () => {
    await open('healthy');
    const polite = document.querySelectorAll('[aria-live=polite]');
    expect(polite).toHaveLength(1);
    const state = STATES['attention']?.world.overview.connections[0];
    if (state) backend.emit({ kind: 'connection-changed', connection: state });
    await waitFor(() => expect(polite[0]?.textContent).toBe('Spotify, Ada Lovelace: Sign in again'));
  });
});
