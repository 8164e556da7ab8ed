// Events in, state out.
import { beforeEach, describe, expect, it } from 'vitest';

import type { EventBody } from '../api/bindings';
import { connection, discord, ended, neighbour, NOW, overview, signIn, spotify } from '../gallery/make';
import { Connections } from './connections.svelte';

let world: Connections;
let number: number;
const tell = (body: EventBody, at = ++number) => world.apply({ number: at, body });
const changed = (special: Parameters<typeof connection>[0] = {}, health: Parameters<typeof connection>[1] = {}) =>
  ({ kind: 'connection-changed', connection: connection(special, health) }) as const;
const attention = {
  grant: { kind: 'attention', reason: 'grant-ended', since: NOW, providerText: null },
  severity: 'attention',
} as const;

beforeEach(() => {
  world = new Connections();
  number = 0;
});

describe('the first overview', () => {
  it('is shown and says nothing', () => {
    expect(world.ready).toBe(false);
    expect(tell({ kind: 'overview', overview: overview({ connections: [connection()] }) })).toEqual([]);
    expect(world.ready).toBe(true);
    expect(world.connections).toHaveLength(1);
    expect(world.providers).toHaveLength(3);
  });
});

describe('a later overview', () => {
  it('tells what changed meanwhile', () => {
    tell({ kind: 'overview', overview: overview({ connections: [connection()] }) });
    const changes = tell({ kind: 'overview', overview: overview({ connections: [connection({}, attention)] }) });
    expect(changes).toMatchObject([{ kind: 'health' }]);
  });
});

describe('changes', () => {
  beforeEach(() => tell({ kind: 'overview', overview: overview({ connections: [connection(), neighbour()] }) }));

  it('keep the order and replace the value', () => {
    tell(changed({ resting: 'sealed' }));
    expect(world.connections.map(({ id }) => id)).toEqual(['c-1', 'c-2']);
    expect(world.connections[0]?.resting).toBe('sealed');
  });

  it('tell a new health, once', () => {
    expect(tell(changed({}, attention))).toMatchObject([{ kind: 'health', connection: { id: 'c-1' } }]);
    expect(tell(changed({}, attention))).toEqual([]);
    expect(world.needing).toHaveLength(1);
  });

  it('do not tell what passes by itself', () => {
    expect(tell(changed({}, { activity: { kind: 'refreshing' } }))).toEqual([]);
  });

  it('tell a new connection', () => {
    expect(tell(changed({ id: 'c-9' }))).toMatchObject([{ kind: 'connected' }]);
    expect(world.connections).toHaveLength(3);
  });

  it('tell a reconnect by its authorization, not as a mere change of health', () => {
    const grant = { ...connection().grant, authorizedAt: NOW };
    expect(tell(changed({ grant }))).toMatchObject([{ kind: 'reconnected' }]);
  });

  it('tell how far a sign-in is, and nothing when it is given up', () => {
    const stages = (...kinds: ('waiting-for-browser' | 'finishing')[]) =>
      kinds.map((kind) => tell({ kind: 'provider-changed', provider: discord({ signIn: signIn({ kind }) }) }));
    expect(stages('waiting-for-browser', 'waiting-for-browser', 'finishing')).toMatchObject([
      [{ kind: 'sign-in', stage: { kind: 'waiting-for-browser' }, providerName: 'Discord' }],
      [],
      [{ kind: 'sign-in', stage: { kind: 'finishing' } }],
    ]);
    expect(tell({ kind: 'provider-changed', provider: discord() })).toEqual([]);
    const failed = ended({ kind: 'expired' }, { connection: 'c-1' });
    expect(tell(changed({ signIn: failed }))).toMatchObject([{ kind: 'sign-in', stage: { kind: 'ended' } }]);
  });

  it('tell a farewell', () => {
    const farewell = { providerName: 'Spotify', accountName: 'Ada', revocation: 'confirmed', manageUrl: null } as const;
    expect(tell({ kind: 'connection-removed', id: 'c-1', farewell })).toEqual([{ kind: 'removed', farewell }]);
    expect(world.connections.map(({ id }) => id)).toEqual(['c-2']);
  });

  it('reach providers', () => {
    tell({ kind: 'provider-changed', provider: spotify({ clientId: { kind: 'settings' } }) });
    tell({ kind: 'provider-changed', provider: discord({ id: 'novel' }) });
    expect(world.providers.map(({ id }) => id)).toEqual(['spotify', 'discord', 'sandbox', 'novel']);
    expect(world.providers[0]?.clientId.kind).toBe('settings');
  });
});

describe('the numbers of events', () => {
  it('keep an older value from replacing a newer one', () => {
    tell({ kind: 'overview', overview: overview({ connections: [connection()] }) }, 5);
    tell(changed({ resting: 'memory' }), 7);
    tell(changed({ resting: 'sealed' }), 6);
    expect(world.connections[0]?.resting).toBe('memory');
  });

  it('let through an event sent while the overview was put together', () => {
    tell({ kind: 'overview', overview: overview({ connections: [connection()] }) }, 7);
    tell(changed({ resting: 'sealed' }), 7);
    expect(world.connections[0]?.resting).toBe('sealed');
  });

  it('may begin anew', () => {
    tell(changed({ resting: 'memory' }), 90);
    tell({ kind: 'overview', overview: overview({ connections: [connection()] }) }, 0);
    tell(changed({ resting: 'sealed' }), 1);
    expect(world.connections[0]?.resting).toBe('sealed');
  });
});
