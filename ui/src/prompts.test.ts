// What a sign-in asks in the window, as a person finds and answers it.
import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import App from './App.svelte';
import { MemoryBackend, type World } from './lib/api/memory';
import { NOW } from './lib/gallery/make';
import { PROMPT_STATES } from './lib/gallery/prompts';
import { present } from './lib/state/clock.svelte';

let backend: MemoryBackend;
const person = userEvent.setup();

async function open(name: string, rest: Partial<World> = {}): Promise<void> {
  const state = PROMPT_STATES[name];
  if (!state) throw new Error(`no state ${name}`);
  backend = new MemoryBackend({ ...structuredClone(state.world), ...rest });
  render(App, { backend });
  await screen.findByRole('heading', { level: 2, name: /^(Add a|Choose a first) connection$/ });
  for (const selector of state.press ?? []) {
    const found = await waitFor(() => document.querySelector<HTMLElement>(selector) ?? expect.fail(selector));
    await person.click(found);
  }
}

const button = (name: string | RegExp) => screen.getByRole('button', { name });
const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);
const answers = () =>
  backend.calls.filter(({ operation }) => operation === 'answerPrompt').map(({ request }) => (request as { answer: unknown }).answer);

beforeEach(() => {
  present.now = () => NOW;
});
afterEach(cleanup);

/** What each question must say, at least. */
const SAYS: Record<string, (string | RegExp)[]> = {
  'prompt-server': ['Which server?', 'Keep me signed in', /ends when Latchkey closes/],
  'prompt-server-wrong': [/would travel unprotected/],
  'prompt-methods': ['How do you sign in to https://pb.example.com?', 'With a code by mail', /^With Company account/],
  'prompt-methods-second': ['One more step', /second way/],
  'prompt-password': ['Sign in to https://pb.example.com', 'Email or username', 'Password', 'Forgotten?'],
  'prompt-password-wrong': ['Failed to authenticate.'],
  'prompt-password-mailed': [/mail for choosing another password is on its way/],
  'prompt-address': [/replaces your password by a random one/],
  'prompt-code': [/ada@example.com there, the code is on its way/, '2:40', /replaces your password/],
  'prompt-code-wait': ['The server asks to wait 180 seconds.', '3:00'],
  'prompt-device-code': ['WDJB-MJHT', 'https://www.twitch.tv/activate', '29:00'],
  'impersonated': [/admin@example.com acts in the name of Ada Lovelace here/, /cannot be prolonged/, 'Act for 15 minutes'],
};

describe('a question', () => {
  it('has words here for each of its states', () => {
    expect(Object.keys(SAYS).sort()).toEqual(Object.keys(PROMPT_STATES).sort());
  });

  it.each(Object.entries(SAYS))('%s', async (name, words) => {
    await open(name);
    for (const word of words) {
      await waitFor(() => expect(screen.queryAllByText(word), `${name}: ${String(word)}`).not.toHaveLength(0));
    }
    for (const one of screen.queryAllByRole('button')) {
      expect(one.dataset['action'], one.outerHTML).toBeTruthy();
      expect(one.getAttribute('aria-label') ?? one.textContent.trim()).not.toBe('');
    }
    for (const one of document.querySelectorAll<HTMLInputElement>('[data-prompt] input')) {
      expect(one.labels, one.outerHTML).toHaveLength(1);
    }
  });

  it('lets a password store fill in what it may, and nothing else', async () => {
    await open('prompt-password');
    expect(field('Email or username').autocomplete).toBe('username');
    expect(field('Password').autocomplete).toBe('current-password');
    expect(field('Password').type).toBe('password');
    cleanup();
    await open('prompt-code');
    expect(field('Code').autocomplete).toBe('one-time-code');
    expect(field('Code').inputMode).toBe('numeric');
  });

  it('says at the field what is wrong with it', async () => {
    await open('prompt-password-wrong');
    const wrong = field('Password');
    expect(wrong.getAttribute('aria-invalid')).toBe('true');
    const said = document.getElementById(wrong.getAttribute('aria-describedby') ?? '');
    expect(said?.textContent).toBe('Failed to authenticate.');
    expect(field('Email or username').getAttribute('aria-invalid')).toBe('false');
  });

  it('hands on what is typed and forgets the password', async () => {
    await open('prompt-password');
    await person.type(field('Password'), 'open sesame{Enter}');
    expect(answers()).toEqual([{ kind: 'password', identity: 'ada@example.com', password: 'open sesame' }]);
    await waitFor(() => expect(field('Password').value).toBe(''));
    expect(field('Email or username').value).toBe('ada@example.com');
  });

  it('keeps a sign-in only where the person says so', async () => {
    await open('prompt-server');
    await person.type(field('Server'), 'pb.example.com{Enter}');
    await person.click(screen.getByRole('checkbox', { name: 'Keep me signed in' }));
    await person.click(button('Continue'));
    const server = { kind: 'server', server: 'pb.example.com', collection: 'users' };
    expect(answers()).toEqual([{ ...server, keep: 'memory' }, { ...server, keep: 'keychain' }]);
  });

  it('offers each way, and the way back', async () => {
    await open('prompt-methods');
    await person.click(button('With a code by mail'));
    await person.click(button(/^With Company account/));
    await person.click(button('Another server'));
    expect(answers()).toEqual([
      { kind: 'method', method: { kind: 'one-time-code' } },
      { kind: 'method', method: { kind: 'upstream', id: 'oidc', name: 'Company account' } },
      { kind: 'back' },
    ]);
  });

  it('sends nothing while the server wants to be left alone', async () => {
    await open('prompt-code-wait');
    await person.type(field('Code'), '12345678{Enter}');
    expect(answers()).toEqual([]);
  });

  it('gives the keyboard to the next question', async () => {
    const next = PROMPT_STATES['prompt-code']?.world.overview.providers[0]?.signIn?.stage;
    await open('prompt-address', { answered: () => next ?? null });
    await person.type(field('Email'), 'ada@example.com{Enter}');
    await waitFor(() => expect(document.activeElement).toBe(field('Code')));
  });

  it('sends a mail, and acts in the name of another account', async () => {
    await open('impersonated');
    await person.click(button('Verify my address'));
    await person.type(field('Id of the account'), 'r1{Enter}');
    expect(backend.calls.map(({ operation, request }) => ({ operation, request })).slice(-2)).toEqual([
      { operation: 'requestMail', request: { connection: 'c-2', mail: 'verification' } },
      { operation: 'impersonate', request: { connection: 'c-2', collection: 'users', record: 'r1', seconds: 900 } },
    ]);
  });
});
