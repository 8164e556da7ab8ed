// What a person does, what is asked of Latchkey for it, and what is said when it fails.
import { beforeEach, describe, expect, it } from 'vitest';

import type { Problem, ProblemCode } from '../api/bindings';
import { MemoryBackend, type World } from '../api/memory';
import { connection, discord, ended, overview, provider, signIn, spotify } from '../gallery/make';
import { Actions } from './actions.svelte';
import { Connections } from './connections.svelte';
import { Toasts } from './toasts.svelte';

let world: Connections;
let toasts: Toasts;
let backend: MemoryBackend;
let actions: Actions;

async function open(scene: Partial<World> = {}): Promise<void> {
  world = new Connections();
  toasts = new Toasts();
  backend = new MemoryBackend({ overview: overview({ connections: [connection()] }), ...scene });
  actions = new Actions(backend, world, toasts);
  await actions.start();
}

const problem = (code: ProblemCode, special: Partial<Problem> = {}): Problem => ({
  code,
  message: 'It did not work.',
  hint: 'Do this.',
  connection: null,
  retryAfterMs: null,
  ...special,
});
const asked = () => backend.calls.filter(({ operation }) => operation !== 'watch').map(({ operation }) => operation);
const last = () => backend.calls.at(-1);

beforeEach(() => open());

describe('signing in', () => {
  it('asks for the keychain first', async () => {
    await actions.signIn('discord');
    const request = { provider: 'discord', variables: {}, keep: 'keychain', redirect: null, purposes: null };
    expect(last()?.request).toEqual(request);
    expect(world.providers.find(({ id }) => id === 'discord')?.signIn?.stage.kind).toBe('waiting-for-browser');
  });

  it('offers memory when there is no keychain, and never takes it by itself', async () => {
    await open({ problems: { beginSignIn: problem('keychain-unavailable') } });
    await actions.signIn('discord');
    expect(actions.memoryOffer?.provider).toBe('discord');
    expect(asked()).toEqual(['beginSignIn']);
    expect(toasts.items).toEqual([]);
    await actions.acceptMemory();
    expect(last()?.request).toMatchObject({ keep: 'memory' });
    expect(actions.memoryOffer).toBeNull();
    // Refused once more there is nothing left to offer, so it is said.
    expect(toasts.items).toHaveLength(1);
  });

  it('starts over where the person wanted it kept', async () => {
    await actions.signIn('discord', 'memory');
    const waiting = world.providers.find(({ id }) => id === 'discord')?.signIn;
    if (!waiting) throw new Error('no sign-in waits');
    await actions.otherWay(waiting);
    const request = { provider: 'discord', variables: {}, keep: 'memory', redirect: 'loopback', purposes: null };
    expect(last()?.request).toEqual(request);
  });

  it('goes back to the link from the other way', async () => {
    await actions.otherWay(signIn({ kind: 'waiting-for-browser' }, { redirect: 'loopback' }));
    expect(last()?.request).toMatchObject({ redirect: 'deep-link' });
  });

  it('starts a reconnect over as a reconnect', async () => {
    await actions.startOver(ended({ kind: 'expired' }, { connection: 'c-1' }), null);
    expect(last()).toEqual({ operation: 'reconnect', request: { connection: 'c-1', redirect: null, further: [] } });
  });

  it('starts over for what the person chose to allow', async () => {
    await actions.signInAs('discord', {}, ['email']);
    const waiting = world.providers.find(({ id }) => id === 'discord')?.signIn;
    if (!waiting) throw new Error('no sign-in waits');
    await actions.otherWay(waiting);
    expect(last()?.request).toMatchObject({ redirect: 'loopback', purposes: ['email'] });
  });

  it('grants more until the person reconnects without', async () => {
    await actions.grantMore('c-1', ['follow']);
    await actions.startOver(ended({ kind: 'expired' }, { connection: 'c-1' }), 'loopback');
    expect(last()?.request).toEqual({ connection: 'c-1', redirect: 'loopback', further: ['follow'] });
    await actions.reconnect('c-1');
    expect(last()?.request).toEqual({ connection: 'c-1', redirect: null, further: [] });
  });
});

describe('a problem', () => {
  it('is always said, and read aloud', async () => {
    await open({ problems: { forget: problem('internal') } });
    await actions.forget('c-1');
    expect(toasts.items).toMatchObject([{ tone: 'problem', text: 'It did not work. Do this.' }]);
    expect(actions.said?.text).toContain('It did not work.');
  });

  it('with a missing client id opens the set-up', async () => {
    await open({ problems: { beginSignIn: problem('client-id-missing') } });
    await actions.signIn('spotify');
    expect(actions.openSetups.has('spotify')).toBe(true);
  });

  it('that passes offers the same again', async () => {
    const problems: World['problems'] = { reconnect: problem('temporary') };
    await open({ problems });
    await actions.reconnect('c-1');
    expect(toasts.items[0]?.action?.name).toBe('retry');
    delete problems.reconnect;
    await toasts.items[0]?.action?.run();
    expect(asked()).toEqual(['reconnect', 'reconnect']);
  });

  it('of a sign-in that is needed offers Reconnect', async () => {
    await open({ problems: { check: problem('sign-in-needed', { connection: 'c-1' }) } });
    await actions.check('c-1');
    await toasts.items[0]?.action?.run();
    expect(asked()).toEqual(['check', 'reconnect']);
  });

  it('with the browser offers the link', async () => {
    const waiting = signIn({ kind: 'waiting-for-browser' });
    await open({
      overview: overview({ providers: [spotify(), discord({ signIn: waiting }), provider()] }),
      problems: { beginSignIn: problem('browser-unavailable') },
    });
    await actions.signIn('discord');
    expect(toasts.items[0]?.action?.name).toBe('copy-link');
    await toasts.items[0]?.action?.run();
    expect(last()).toEqual({ operation: 'copySignInLink', request: { signIn: 's-1' } });
  });

  it('about something that is gone reads everything again', async () => {
    await open({ problems: { forget: problem('not-found') } });
    await actions.forget('c-1');
    expect(asked()).toEqual(['forget', 'overview']);
  });

  it('at the start takes the place of the view', async () => {
    await open({ problems: { watch: problem('internal') } });
    expect(actions.unreachable?.message).toBe('It did not work.');
    expect(world.ready).toBe(false);
  });
});

describe('the client id', () => {
  it('closes the set-up when it is saved', async () => {
    actions.setup('spotify', true);
    const client = { clientId: 'abc', clientSecret: '', variables: {} };
    expect(await actions.saveClient('spotify', 'Spotify', client)).toBeNull();
    expect(last()?.request).toEqual({ provider: 'spotify', ...client });
    expect(actions.openSetups.has('spotify')).toBe(false);
    expect(toasts.items[0]?.title).toBe('Client id for Spotify saved');
  });

  it('marks the field, and no message pops up, when it is wrong', async () => {
    await open({ problems: { saveClient: problem('invalid-input') } });
    const client = { clientId: 'a b', clientSecret: '', variables: {} };
    expect(await actions.saveClient('spotify', 'Spotify', client)).toBe('It did not work. Do this.');
    expect(toasts.items).toEqual([]);
  });
});

describe('a check', () => {
  it('says that all is well', async () => {
    await actions.check('c-1');
    expect(toasts.items[0]?.title).toBe('Spotify, Ada Lovelace works');
  });

  it('does not say so when it is not', async () => {
    const offline = connection({}, { activity: { kind: 'offline', nextAt: 0 }, severity: 'notice' });
    await open({ overview: overview({ connections: [offline] }) });
    await actions.check('c-1');
    expect(toasts.items).toEqual([]);
  });
});

describe('a disconnect', () => {
  it('waits for a yes', async () => {
    actions.disconnecting = 'c-1';
    expect(asked()).toEqual([]);
    await actions.confirmDisconnect();
    expect(asked()).toEqual(['disconnect']);
    expect(actions.disconnecting).toBeNull();
  });

  it('ends with a farewell', async () => {
    await open({ revocation: 'unconfirmed' });
    actions.disconnecting = 'c-1';
    await actions.confirmDisconnect();
    expect(world.connections).toEqual([]);
    expect(toasts.items[0]).toMatchObject({ tone: 'warning', address: 'https://www.spotify.com/account/apps/' });
    expect(actions.said?.text).toContain('did not confirm');
  });
});

describe('the engine', () => {
  it('is heard when health changes', () => {
    const grant = { kind: 'attention', reason: 'grant-ended', since: 0, providerText: null } as const;
    backend.emit({ kind: 'connection-changed', connection: connection({}, { grant, severity: 'attention' }) });
    expect(actions.said?.text).toBe('Spotify, Ada Lovelace: Sign in again');
    expect(toasts.items).toEqual([]);
  });

  it('is welcomed with a message when somebody new is connected', () => {
    backend.emit({ kind: 'connection-changed', connection: connection({ id: 'c-7' }) });
    expect(toasts.items[0]?.title).toBe('Ada Lovelace connected to Spotify');
  });
});
