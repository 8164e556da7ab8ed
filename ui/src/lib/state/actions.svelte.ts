// What a person can do, and what is said when it does not work. Nothing here fails without a word.
import type { Backend, Impersonate, PromptAnswer, SaveClient } from '../api/backend';
import type {
  AccountMail,
  BrowserId,
  BrowserView,
  ConnectionId,
  ConnectionView,
  Diagnosis,
  HistoryEntry,
  Keep,
  Problem,
  ProviderId,
  Redirect,
  SignInView,
} from '../api/bindings';
import { asProblem, PROBLEMS, sentence } from '../errors';
import { t } from '../messages';
import { called } from '../present';
import { describe, farewellToast } from './changes';
import type { Change, Connections } from './connections.svelte';
import { Security } from './security.svelte';
import type { ToastAction, Toasts } from './toasts.svelte';

/** What was being done when a problem came up: enough to offer the right way on. */
interface Attempt {
  provider?: ProviderId;
  connection?: ConnectionId;
  retry?: () => unknown;
}

/** What a person said of a provider's server. */
type Variables = Record<string, string>;

/** Between the view and the backend: the view names the wish, this does it and reports. */
export class Actions {
  /** Why nothing can be shown at all. */
  unreachable = $state.raw<Problem | null>(null);
  /** Providers whose set-up is open. */
  openSetups = $state.raw<ReadonlySet<ProviderId>>(new Set());
  /** The connection whose Disconnect waits for a yes. */
  disconnecting = $state<ConnectionId | null>(null);
  /** The sign-in that the keychain refused. */
  memoryOffer = $state.raw<{ provider: ProviderId; redirect: Redirect | null; problem: Problem } | null>(null);
  /** What a screen reader is told next. */
  said = $state.raw<{ id: number; text: string } | null>(null);
  /** All that concerns the key. */
  readonly security: Security;

  #sayings = 0;

  /** Where the person wanted each first sign-in kept, for starting it over the same way. */
  readonly #kept = new Map<ProviderId, Keep>();
  /** What they chose to allow at each, and further at each connection, for the same reason. */
  readonly #allowed = new Map<ProviderId | ConnectionId, string[]>();
  /** On which server, for the same. */
  readonly #servers = new Map<ProviderId, Variables>();

  constructor(
    private readonly backend: Backend,
    private readonly state: Connections,
    private readonly toasts: Toasts,
  ) {
    this.security = new Security(backend, toasts, (text) => this.say(text));
  }

  /** Listens to the engine for as long as the window lives. */
  async start(): Promise<void> {
    this.unreachable = null;
    try {
      await this.backend.watch((event) => this.#report(this.state.apply(event)));
    } catch (thrown) {
      this.unreachable = asProblem(thrown);
    }
  }

  /** Begins a first sign-in where and for what the person chose; a set-up is then done with. */
  signInAs(provider: ProviderId, variables: Variables, purposes: string[]): Promise<boolean> {
    this.setup(provider, false);
    this.#allowed.set(provider, purposes);
    return this.signIn(provider, 'keychain', null, variables);
  }

  /** Begins a first sign-in. */
  signIn(
    provider: ProviderId,
    keep: Keep = 'keychain',
    redirect: Redirect | null = null,
    variables: Variables = this.#servers.get(provider) ?? {},
  ): Promise<boolean> {
    this.#kept.set(provider, keep);
    this.#servers.set(provider, variables);
    const purposes = this.#allowed.get(provider) ?? null;
    const retry = () => this.signIn(provider, keep, redirect, variables);
    const begin = () => this.backend.beginSignIn({ provider, variables, keep, redirect, purposes });
    return this.#try({ provider, retry }, begin, (problem) => {
      if (PROBLEMS[problem.code].remedy !== 'keep-in-memory' || keep === 'memory') return false;
      this.memoryOffer = { provider, redirect, problem };
      return true;
    });
  }

  /** Takes the offer to keep a sign-in in memory. */
  acceptMemory(): Promise<boolean> {
    const offer = this.memoryOffer;
    this.memoryOffer = null;
    return offer ? this.signIn(offer.provider, 'memory', offer.redirect) : Promise.resolve(false);
  }

  /** Leads to choosing a passphrase instead. */
  preferPassphrase(): void {
    this.memoryOffer = null;
    this.security.choosing = true;
  }

  /** Signs in again for more than before. */
  grantMore(connection: ConnectionId, further: string[]): Promise<boolean> {
    this.#allowed.set(connection, further);
    return this.#signInAgain(connection, null);
  }

  reconnect(connection: ConnectionId): Promise<boolean> {
    this.#allowed.delete(connection);
    return this.#signInAgain(connection, null);
  }

  #signInAgain(connection: ConnectionId, redirect: Redirect | null): Promise<boolean> {
    const further = this.#allowed.get(connection) ?? [];
    const retry = () => this.#signInAgain(connection, redirect);
    return this.#try({ connection, retry }, () => this.backend.reconnect({ connection, redirect, further }));
  }

  /** Starts a sign-in over, by whatever way back. */
  startOver(signIn: SignInView, redirect: Redirect | null): Promise<boolean> {
    return signIn.connection === null
      ? this.signIn(signIn.provider, this.#kept.get(signIn.provider) ?? 'keychain', redirect)
      : this.#signInAgain(signIn.connection, redirect);
  }

  /** Starts a sign-in over with the way back that was not tried. */
  otherWay(signIn: SignInView): Promise<boolean> {
    return this.startOver(signIn, signIn.redirect === 'loopback' ? 'deep-link' : 'loopback');
  }

  /** Starts a sign-in over with a code that is typed on another device. */
  byCode(signIn: SignInView): Promise<boolean> {
    return this.startOver(signIn, 'device-code');
  }

  /** Answers what a sign-in asks. What is wrong with an answer comes back as the question. */
  answer({ id }: SignInView, answer: PromptAnswer): Promise<boolean> {
    return this.#try({}, () => this.backend.answerPrompt({ signIn: id, answer }));
  }

  /** Has a mail sent to the account's own address. */
  async mail({ id, account }: ConnectionView, mail: AccountMail): Promise<void> {
    if (!(await this.#try({ connection: id }, () => this.backend.requestMail({ connection: id, mail })))) return;
    const title = t.impersonation.mailed[mail](account.name);
    this.toasts.push({ tone: 'good', title });
    this.say(title);
  }

  /** Acts in another's name. What is wrong with whom is for the field and not for a message. */
  async impersonate(connection: ConnectionId, whom: Omit<Impersonate, 'connection'>): Promise<string | null> {
    let fault: string | null = null;
    const done = await this.#try({ connection }, () => this.backend.impersonate({ connection, ...whom }), (problem) => {
      if (PROBLEMS[problem.code].remedy !== 'mark-field') return false;
      fault = sentence(problem);
      return true;
    });
    return done ? null : (fault ?? '');
  }

  /** Gives a sign-in up, or takes away how it ended. */
  cancel({ id }: SignInView): Promise<boolean> {
    return this.#try({}, () => this.backend.cancelSignIn({ signIn: id }));
  }

  /** Opens the page of a sign-in once more, in another browser where one is named. */
  openAgain({ id }: SignInView, browser: BrowserId | null = null): Promise<boolean> {
    const open = () => this.backend.openSignInPage({ signIn: id, browser });
    return this.#try({ retry: open }, open);
  }

  /** The browsers there are; none where they cannot be told, which takes a choice away and nothing else. */
  async browsers(): Promise<BrowserView[]> {
    try {
      return await this.backend.browsers();
    } catch {
      return [];
    }
  }

  async chooseBrowser(connection: ConnectionId, browser: BrowserView | null): Promise<void> {
    const choose = () => this.backend.chooseBrowser({ connection, browser: browser?.id ?? null });
    if (await this.#try({ connection }, choose)) this.say(t.personal.chosen(browser?.name ?? t.personal.standard));
  }

  /** Gives a connection a name. What is wrong with what was typed is for the field and not for a message. */
  async rename({ id, account }: ConnectionView, alias: string): Promise<string | null> {
    let fault: string | null = null;
    const answer: { view?: ConnectionView } = {};
    const rename = async () => (answer.view = await this.backend.rename({ connection: id, alias }));
    const done = await this.#try({ connection: id }, rename, (problem) => {
      if (PROBLEMS[problem.code].remedy !== 'mark-field') return false;
      fault = sentence(problem);
      return true;
    });
    const kept = answer.view?.alias ?? null;
    if (done) this.say(kept === null ? t.personal.unnamed(account.name) : t.personal.renamed(account.name, kept));
    return done ? null : (fault ?? '');
  }

  async copyLink({ id }: SignInView): Promise<void> {
    if (await this.#try({}, () => this.backend.copySignInLink({ signIn: id }))) {
      this.toasts.push({ tone: 'plain', title: t.signIn.copied });
      this.say(t.signIn.copied);
    }
  }

  /** Asks the provider now. Silence would read as "nothing happened", so a good answer is said too. */
  async check(connection: ConnectionId): Promise<void> {
    const answer: { view?: ConnectionView } = {};
    const retry = () => this.check(connection);
    const done = await this.#try({ connection, retry }, async () => {
      answer.view = await this.backend.check({ connection });
    });
    if (!done || !answer.view) return;
    const { health, providerName } = answer.view;
    const fine = health.severity === 'healthy' || health.severity === 'notice';
    if (!fine || (health.activity.kind !== 'idle' && health.activity.kind !== 'refreshing')) return;
    const title = t.card.checked(providerName, called(answer.view));
    this.toasts.push({ tone: 'good', title });
    this.say(title);
  }

  /** Disconnects what the person was asked about. */
  async confirmDisconnect(): Promise<void> {
    const connection = this.disconnecting;
    this.disconnecting = null;
    if (connection !== null) {
      await this.#try({ retry: () => this.backend.disconnect({ connection }) }, () => this.backend.disconnect({ connection }));
    }
  }

  forget(connection: ConnectionId): Promise<boolean> {
    return this.#try({}, () => this.backend.forget({ connection }));
  }

  openManagePage(connection: ConnectionId): Promise<boolean> {
    return this.#try({}, () => this.backend.openManagePage({ connection }));
  }

  /** Reads the history; the list itself says when it cannot. */
  history(connection: ConnectionId): Promise<HistoryEntry[]> {
    return this.backend.history({ connection });
  }

  /** Finds out what works; the panel itself says when that fails. */
  async diagnose(connection: ConnectionId): Promise<Diagnosis> {
    const diagnosis = await this.backend.diagnose({ connection });
    const failed = diagnosis.steps.filter(({ outcome }) => outcome === 'failed').length;
    this.say(t.diagnosis.done(diagnosis.providerName, diagnosis.accountName, failed));
    return diagnosis;
  }

  async copyDiagnosis(connection: ConnectionId): Promise<boolean> {
    const copied = await this.#try({}, () => this.backend.copyDiagnosis({ connection }));
    if (copied) this.say(t.diagnosis.copied);
    return copied;
  }

  setup(provider: ProviderId, open: boolean): void {
    const next = new Set(this.openSetups);
    if (open) next.add(provider);
    else next.delete(provider);
    this.openSetups = next;
  }

  /** Saves a client. What is wrong with what was typed is for the field and not for a message. */
  async saveClient(provider: ProviderId, name: string, client: Omit<SaveClient, 'provider'>): Promise<string | null> {
    const { clientId } = client;
    let fault: string | null = null;
    const done = await this.#try({}, () => this.backend.saveClient({ provider, ...client }), (problem) => {
      if (PROBLEMS[problem.code].remedy !== 'mark-field') return false;
      fault = sentence(problem);
      return true;
    });
    if (done) {
      this.setup(provider, false);
      const title = clientId ? t.setup.saved(name) : t.setup.removed(name);
      this.toasts.push({ tone: 'good', title, text: clientId ? t.setup.savedText : undefined });
      this.say(title);
    }
    return fault;
  }

  copyRedirectUri(provider: ProviderId): Promise<boolean> {
    return this.#try({}, () => this.backend.copyRedirectUri({ provider }));
  }

  openRegisterPage(provider: ProviderId): Promise<boolean> {
    return this.#try({}, () => this.backend.openRegisterPage({ provider }));
  }

  /** Does something; what goes wrong is answered by `own`, or else by the table of problems. */
  async #try(attempt: Attempt, work: () => Promise<unknown>, own?: (problem: Problem) => boolean): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (!own?.(problem)) this.#tell(problem, attempt);
      return false;
    }
  }

  #tell(problem: Problem, attempt: Attempt): void {
    const { title, tone, remedy } = PROBLEMS[problem.code];
    if (remedy === 'show-setup' && attempt.provider) this.setup(attempt.provider, true);
    if (remedy === 'read-again') void this.#readAgain();
    this.toasts.push({ tone, title, text: sentence(problem), action: this.#way(problem, attempt) });
    this.say(`${title}. ${sentence(problem)}`);
  }

  /** The one button that a message gets, if there is a way on. */
  #way(problem: Problem, attempt: Attempt): ToastAction | undefined {
    const { remedy } = PROBLEMS[problem.code];
    const connection = problem.connection ?? attempt.connection;
    if (remedy === 'reconnect' && connection) {
      return { label: t.problemAction.reconnect, name: 'reconnect', run: () => this.reconnect(connection) };
    }
    if (remedy === 'retry' && attempt.retry) {
      return { label: t.problemAction.retry, name: 'retry', run: () => this.#try({}, async () => attempt.retry?.()) };
    }
    const waiting = this.#waiting(attempt);
    if (remedy === 'copy-link' && waiting) {
      return { label: t.problemAction['copy-link'], name: 'copy-link', run: () => this.copyLink(waiting) };
    }
    return undefined;
  }

  #waiting({ provider, connection }: Attempt): SignInView | null {
    const owner =
      this.state.connections.find(({ id }) => id === connection) ?? this.state.providers.find(({ id }) => id === provider);
    return owner?.signIn?.stage.kind === 'waiting-for-browser' ? owner.signIn : null;
  }

  /** What is shown is out of date: everything is asked for once more. */
  async #readAgain(): Promise<void> {
    try {
      this.#report(this.state.show(await this.backend.overview()));
    } catch (thrown) {
      this.unreachable = asProblem(thrown);
    }
  }

  #report(changes: Change[]): void {
    for (const change of changes) {
      if (change.kind === 'removed') this.toasts.push(farewellToast(change.farewell));
      if (change.kind === 'connected' || change.kind === 'reconnected') {
        this.toasts.push({ tone: 'good', title: describe(change) });
      }
    }
    if (changes.length > 0) this.say(changes.map(describe).join('. '));
  }

  /** Has something said to a screen reader. */
  say(text: string): void {
    this.said = { id: ++this.#sayings, text };
  }
}
