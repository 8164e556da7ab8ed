// What the engine last said, and what changed with it. Events carry full values, so nothing is asked back.
import type { ConnectionView, Event, EventBody, Farewell, Notice, Overview, Protection, ProviderView, SignInStage, SignInView, VaultState } from '../api/bindings';

/** What an event meant for the person, beyond a new value to draw. */
export type Change =
  | { kind: 'connected'; connection: ConnectionView }
  | { kind: 'health'; connection: ConnectionView }
  | { kind: 'reconnected'; connection: ConnectionView }
  | { kind: 'sign-in'; stage: SignInStage; providerName: string }
  | { kind: 'removed'; farewell: Farewell };

/** Puts a value in the place of the one with the same id, or at the end. */
function put<Item extends { id: string }>(items: readonly Item[], item: Item): Item[] {
  return items.some(({ id }) => id === item.id)
    ? items.map((old) => (old.id === item.id ? item : old))
    : [...items, item];
}

function isMoreRecent(after: ConnectionView, before: ConnectionView): boolean {
  return after.grant.authorizedAt > before.grant.authorizedAt;
}

/** A sign-in that got further. One that is given up or dismissed says nothing: the person did that. */
function signInChange(before: SignInView | null | undefined, after: SignInView | null, providerName: string): Change[] {
  if (!after || (before?.id === after.id && before.stage.kind === after.stage.kind)) return [];
  return [{ kind: 'sign-in', stage: after.stage, providerName }];
}

function connectionChange(before: ConnectionView | undefined, after: ConnectionView): Change[] {
  if (!before) return [{ kind: 'connected', connection: after }];
  if (isMoreRecent(after, before)) return [{ kind: 'reconnected', connection: after }];
  const same =
    before.health.severity === after.health.severity && before.health.grant.kind === after.health.grant.kind;
  const health: Change[] = same ? [] : [{ kind: 'health', connection: after }];
  return [...health, ...signInChange(before.signIn, after.signIn, after.providerName)];
}

const byId = <Item extends { id: string }>(items: readonly Item[], id: string) => items.find((item) => item.id === id);

/** The state of the window, fed by events alone. */
export class Connections {
  /** Whether the first overview has come. */
  ready = $state(false);
  providers = $state.raw<readonly ProviderView[]>([]);
  connections = $state.raw<readonly ConnectionView[]>([]);
  notices = $state.raw<readonly Notice[]>([]);
  vault = $state<VaultState>('open');
  protection = $state.raw<Protection>({ kind: 'keychain' });

  /** Connections that ask something of the person. */
  needing = $derived(this.connections.filter(({ health }) => health.severity === 'attention'));
  /** Connections that do not work at this moment. */
  degraded = $derived(this.connections.filter(({ health }) => health.severity === 'degraded'));

  /** Connections that work and have something to say. */
  noted = $derived(this.connections.filter(({ health }) => ['notice', 'pending'].includes(health.severity)));

  #last = 0;

  /**
   * Takes an event in. What is not newer than the last change is dropped. An overview is always taken, and it
   * does not make later events old: one may have been sent while the overview was being put together.
   */
  apply(event: Event): Change[] {
    if (event.body.kind === 'overview') {
      this.#last = Math.min(this.#last, event.number);
    } else {
      if (event.number <= this.#last) return [];
      this.#last = event.number;
    }
    return this.#take(event.body);
  }

  /** Shows a whole state that was asked for. */
  show(overview: Overview): Change[] {
    const { connections, providers, ready } = this;
    this.providers = overview.providers;
    this.connections = overview.connections;
    this.notices = overview.notices;
    this.vault = overview.vault;
    this.protection = overview.protection;
    this.ready = true;
    if (!ready) return [];
    return [
      ...overview.connections.flatMap((after) => connectionChange(byId(connections, after.id), after)),
      ...overview.providers.flatMap((after) => signInChange(byId(providers, after.id)?.signIn, after.signIn, after.name)),
    ];
  }

  #take(body: EventBody): Change[] {
    switch (body.kind) {
      case 'overview':
        return this.show(body.overview);
      case 'connection-changed': {
        const before = byId(this.connections, body.connection.id);
        this.connections = put(this.connections, body.connection);
        return connectionChange(before, body.connection);
      }
      case 'connection-removed':
        this.connections = this.connections.filter(({ id }) => id !== body.id);
        return [{ kind: 'removed', farewell: body.farewell }];
      case 'provider-changed': {
        const before = byId(this.providers, body.provider.id);
        this.providers = put(this.providers, body.provider);
        return signInChange(before?.signIn, body.provider.signIn, body.provider.name);
      }
    }
  }
}
