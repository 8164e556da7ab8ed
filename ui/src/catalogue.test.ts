// "Add a connection": finding a service, and bringing what it needs.
import { cleanup, render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import App from './App.svelte';
import { MemoryBackend } from './lib/api/memory';
import { NOW } from './lib/gallery/make';
import { STATES } from './lib/gallery/states';
import { FEW } from './lib/providers';
import { present } from './lib/state/clock.svelte';

const person = userEvent.setup();
let backend: MemoryBackend;

async function open(name: string): Promise<void> {
  const state = structuredClone(STATES[name]);
  if (!state) throw new Error(`no state ${name}`);
  backend = new MemoryBackend(state.world);
  render(App, { backend });
  await screen.findByRole('heading', { level: 2, name: /^(Add a connection|Choose a first connection)$/ });
  for (const selector of state.press ?? []) {
    const target = document.querySelector(selector);
    if (!target) throw new Error(`nothing to press at ${selector}`);
    await person.click(target);
  }
}

const asked = () => backend.calls.map(({ operation }) => operation).filter((operation) => !['watch', 'browsers'].includes(operation));
const button = (name: string | RegExp) => screen.getByRole('button', { name });
const services = () => [...document.querySelectorAll('[data-provider]')].map((card) => card.getAttribute('data-provider'));

beforeEach(() => {
  present.now = () => NOW;
});
afterEach(cleanup);

describe('the set-up', () => {
  it('leads from the steps to a saved client id', async () => {
    await open('setup');
    const uri = screen.getByRole<HTMLInputElement>('textbox', { name: /^Redirect URI/ });
    expect(uri.value).toBe('dev.latchkey.app:/oauth/spotify');
    expect(uri.readOnly).toBe(true);
    await person.click(button('Copy the redirect URI'));
    await person.click(button('Open Spotify’s registration page'));
    await person.type(screen.getByRole('textbox', { name: 'Client id' }), ' abc {Enter}');
    expect(asked()).toEqual(['copyRedirectUri', 'openRegisterPage', 'saveClient']);
    const request = { provider: 'spotify', variables: {}, clientId: 'abc', clientSecret: '' };
    expect(backend.calls.at(-1)?.request).toEqual(request);
    expect(await screen.findByRole('button', { name: 'Sign in to Spotify' })).toBeTruthy();
  });

  it('says at the field what is wrong', async () => {
    await open('setup-refused');
    const field = screen.getByRole('textbox', { name: 'Client id' });
    await person.type(field, 'abcde{Enter}');
    expect((await screen.findByRole('alert')).textContent).toContain('32 letters');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(document.activeElement).toBe(field);
  });
});

describe('a client with a secret', () => {
  it('is saved with it, and the secret is not kept in the window', async () => {
    await open('setup-secret');
    await person.type(screen.getByRole('textbox', { name: 'Client id' }), 'abc');
    const secret = screen.getByLabelText<HTMLInputElement>('Client secret');
    expect(secret.type).toBe('password');
    await person.type(secret, 'planted{Enter}');
    const request = { provider: 'github', variables: {}, clientId: 'abc', clientSecret: 'planted' };
    expect(backend.calls.at(-1)?.request).toEqual(request);
    await screen.findByRole('button', { name: 'Sign in to GitHub' });
    expect(document.body.innerHTML).not.toContain('planted');
  });
});

describe('a service on a server of its own', () => {
  it('begins where the person says', async () => {
    await open('setup-server');
    await person.type(screen.getByRole('textbox', { name: 'The address of the server' }), 'social.example{Enter}');
    expect(asked()).toEqual(['beginSignIn']);
    expect(backend.calls.findLast(({ operation }) => operation === 'beginSignIn')?.request).toMatchObject({ variables: { instance: 'social.example' } });
  });

  it('begins at the usual server where the person says nothing', async () => {
    await open('setup-server');
    await person.click(button('Sign in'));
    expect(backend.calls.findLast(({ operation }) => operation === 'beginSignIn')?.request).toMatchObject({ variables: { instance: 'https://mastodon.social' } });
  });
});

describe('many services', () => {
  it('are found by the keyboard alone', async () => {
    await open('catalogue');
    expect(services()).toHaveLength(FEW);
    await person.type(screen.getByRole('searchbox', { name: 'Find a service' }), 'own server ma');
    expect(services()).toEqual([]);
    await person.clear(screen.getByRole('searchbox'));
    await person.type(screen.getByRole('searchbox'), 'mastodon');
    expect(services()).toEqual(['mastodon']);
    await person.clear(screen.getByRole('searchbox'));
    await person.click(button('Show all 20'));
    expect(services()).toHaveLength(20);
  });

  it('say why one of them cannot be reached, and offer nothing there', async () => {
    await open('catalogue-all');
    const withings = screen.getByRole('article', { name: /^Withings/ });
    expect(within(withings).getByText(/https addresses only/)).toBeTruthy();
    expect(within(withings).queryByRole('button')).toBeNull();
    expect(services().at(-1)).toBe('withings');
  });
});
