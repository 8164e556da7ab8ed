// The door without Latchkey behind it: the same operations over a world that is made up. For the gallery, for
// working on the window in a browser, and for tests, which read in `calls` what the window asked for.
import { present } from '../state/clock.svelte';
import type {
  Backend,
  BackupFile,
  BeginSignIn,
  Event,
  Impersonate,
  PromptAnswer,
  Reconnect,
  SaveClient,
} from './backend';
import type {
  AccountMail,
  BackedUp,
  BrowserId,
  BrowserView,
  ConnectionId,
  ConnectionView,
  Diagnosis,
  EventBody,
  HistoryEntry,
  Imported,
  Overview,
  Problem,
  Protection,
  ProviderId,
  ProviderView,
  Revocation,
  SignInId,
  SignInStage,
  SignInView,
} from './bindings';

/** A world that is made up. */
export interface World {
  overview: Overview;
  /** What `history` answers. */
  history?: HistoryEntry[];
  /** What `browsers` answers. */
  browsers?: BrowserView[];
  /** What `diagnose` answers. */
  diagnosis?: Diagnosis;
  /** Operations that fail, and how. */
  problems?: Partial<Record<keyof Backend, Problem>>;
  /** What providers answer to a disconnect; without it they never answer. */
  revocation?: Revocation;
  /** What comes of an answer to a prompt; without it the question stays. */
  answered?: (answer: PromptAnswer) => SignInStage | null;
  /** Operations that never answer. */
  silent?: readonly (keyof Backend)[];
}

/** Latchkey's operations over a made-up world. */
export class MemoryBackend implements Backend {
  /** What was asked for, in order. */
  readonly calls: { operation: keyof Backend; request: unknown }[] = [];

  #listener: (event: Event) => void = () => undefined;
  #number = 0;
  #signIns = 0;

  constructor(private readonly world: World) {}

  overview = () => this.#do('overview', null, () => this.world.overview);

  watch = (listener: (event: Event) => void) =>
    this.#do('watch', null, () => {
      this.#listener = listener;
      this.emit({ kind: 'overview', overview: this.world.overview });
    });

  beginSignIn = (request: BeginSignIn) =>
    this.#do('beginSignIn', request, () => {
      const signIn = this.#waiting(request.provider, null, request.redirect);
      this.#provider(request.provider, { signIn });
      return signIn;
    });

  reconnect = (request: Reconnect) =>
    this.#do('reconnect', request, () => {
      const { provider } = this.#connectionOf(request.connection);
      const signIn = this.#waiting(provider, request.connection, request.redirect);
      this.#connection(request.connection, { signIn });
      return signIn;
    });

  answerPrompt = (request: { signIn: SignInId; answer: PromptAnswer }) =>
    this.#do('answerPrompt', request, () => {
      if (!this.world.answered) return;
      const stage = this.world.answered(request.answer);
      this.#signIn(request.signIn, (signIn) => (stage ? { ...signIn, stage } : null));
    });

  cancelSignIn = (request: { signIn: SignInId }) =>
    this.#do('cancelSignIn', request, () => this.#signIn(request.signIn, () => null));

  browsers = () => this.#do('browsers', null, () => this.world.browsers ?? []);

  chooseBrowser = (request: { connection: ConnectionId; browser: BrowserId | null }) =>
    this.#do('chooseBrowser', request, () => this.#connection(request.connection, { browser: request.browser }));

  rename = (request: { connection: ConnectionId; alias: string }) =>
    this.#do('rename', request, () => this.#connection(request.connection, { alias: request.alias.trim() || null }));

  openSignInPage = (request: { signIn: SignInId; browser: BrowserId | null }) =>
    this.#do('openSignInPage', request, () => undefined);
  copySignInLink = (request: { signIn: SignInId }) => this.#do('copySignInLink', request, () => undefined);

  diagnose = (request: { connection: ConnectionId }) =>
    this.#do('diagnose', request, () => {
      if (!this.world.diagnosis) throw new Error('no diagnosis in this world');
      return this.world.diagnosis;
    });

  copyDiagnosis = (request: { connection: ConnectionId }) => this.#do('copyDiagnosis', request, () => undefined);

  check = (request: { connection: ConnectionId }) =>
    this.#do('check', request, () => {
      const { renewal } = this.#connectionOf(request.connection);
      return this.#connection(request.connection, { renewal: { ...renewal, lastSuccessAt: present.now() } });
    });

  requestMail = (request: { connection: ConnectionId; mail: AccountMail }) =>
    this.#do('requestMail', request, () => undefined);

  impersonate = (request: Impersonate) =>
    this.#do('impersonate', request, () => this.#connectionOf(request.connection));

  disconnect = (request: { connection: ConnectionId }) =>
    this.#do('disconnect', request, () => {
      const { health } = this.#connectionOf(request.connection);
      this.#connection(request.connection, {
        health: { ...health, grant: { kind: 'disconnecting' }, severity: 'pending' },
      });
      if (this.world.revocation) this.#remove(request.connection, this.world.revocation);
    });

  forget = (request: { connection: ConnectionId }) =>
    this.#do('forget', request, () => this.#remove(request.connection, 'unconfirmed'));

  saveClient = (request: SaveClient) =>
    this.#do('saveClient', request, () =>
      this.#provider(request.provider, {
        clientId: request.clientId ? { kind: 'settings' } : { kind: 'missing', variable: 'LATCHKEY_SPOTIFY_CLIENT_ID' },
        needs: request.clientId ? [] : ['client-id'],
        secretSaved: request.clientSecret !== '',
      }),
    );

  copyRedirectUri = (request: { provider: ProviderId }) => this.#do('copyRedirectUri', request, () => undefined);
  openRegisterPage = (request: { provider: ProviderId }) => this.#do('openRegisterPage', request, () => undefined);
  openManagePage = (request: { connection: ConnectionId }) => this.#do('openManagePage', request, () => undefined);
  history = (request: { connection: ConnectionId }) => this.#do('history', request, () => this.world.history ?? []);

  protectWithPassphrase = (request: { passphrase: string }) =>
    this.#do('protectWithPassphrase', request, () => this.#protect({ kind: 'passphrase' }));
  changePassphrase = (request: { old: string; new: string }) => this.#do('changePassphrase', request, () => undefined);
  unlock = (request: { passphrase: string }) =>
    this.#do('unlock', request, () => this.#protect({ kind: 'passphrase' }));
  useKeyFile = (request: { path: string; create: boolean }) =>
    this.#do('useKeyFile', request, () => this.#protect({ kind: 'key-file', path: request.path }));
  useKeychain = () => this.#do('useKeychain', null, () => this.#protect({ kind: 'keychain' }));
  rotateKey = () => this.#do('rotateKey', null, () => undefined);
  exportBackup = (request: BackupFile) =>
    this.#do('exportBackup', request, () =>
      this.world.overview.connections.map(({ providerName, account }): BackedUp => ({
        providerName,
        accountName: account.name,
        end: 'exported',
      })),
    );
  importBackup = (request: BackupFile) => this.#do('importBackup', request, (): Imported[] => []);

  /** Tells the window that something happened. */
  emit(body: EventBody): void {
    this.#listener({ number: ++this.#number, body });
  }

  async #do<Answer>(operation: keyof Backend, request: unknown, work: () => Answer): Promise<Answer> {
    this.calls.push({ operation, request });
    await Promise.resolve();
    const problem = this.world.problems?.[operation];
    if (problem) throw problem;
    if (this.world.silent?.includes(operation)) await new Promise(() => undefined);
    return work();
  }

  #protect(protection: Protection): void {
    this.world.overview = { ...this.world.overview, protection, vault: 'open' };
    this.emit({ kind: 'overview', overview: this.world.overview });
  }

  #connectionOf(id: ConnectionId): ConnectionView {
    const found = this.world.overview.connections.find((connection) => connection.id === id);
    if (!found) throw new Error(`no connection ${id} in this world`);
    return found;
  }

  #connection(id: ConnectionId, changed: Partial<ConnectionView>): ConnectionView {
    const connection = { ...this.#connectionOf(id), ...changed };
    const { overview } = this.world;
    overview.connections = overview.connections.map((old) => (old.id === id ? connection : old));
    this.emit({ kind: 'connection-changed', connection });
    return connection;
  }

  #provider(id: ProviderId, changed: Partial<ProviderView>): ProviderView {
    const { overview } = this.world;
    const old = overview.providers.find((provider) => provider.id === id);
    if (!old) throw new Error(`no provider ${id} in this world`);
    const provider = { ...old, ...changed };
    overview.providers = overview.providers.map((other) => (other.id === id ? provider : other));
    this.emit({ kind: 'provider-changed', provider });
    return provider;
  }

  #signIn(id: SignInId, change: (signIn: SignInView) => SignInView | null): void {
    for (const provider of this.world.overview.providers) {
      if (provider.signIn?.id === id) this.#provider(provider.id, { signIn: change(provider.signIn) });
    }
    for (const connection of this.world.overview.connections) {
      if (connection.signIn?.id === id) this.#connection(connection.id, { signIn: change(connection.signIn) });
    }
  }

  #remove(id: ConnectionId, revocation: Revocation): void {
    const { providerName, account, manageUrl } = this.#connectionOf(id);
    const { overview } = this.world;
    overview.connections = overview.connections.filter((connection) => connection.id !== id);
    const farewell = { providerName, accountName: account.name, revocation, manageUrl };
    this.emit({ kind: 'connection-removed', id, farewell });
  }

  #waiting(provider: ProviderId, connection: ConnectionId | null, redirect: SignInView['redirect'] | null): SignInView {
    return {
      id: `s-${++this.#signIns}`,
      provider,
      connection,
      stage: { kind: 'waiting-for-browser' },
      redirect: redirect ?? 'deep-link',
      byCode: false,
      browserMissing: false,
      startedAt: present.now(),
      expiresAt: present.now() + 10 * 60_000,
    };
  }
}
