// The window's only door to Latchkey: one method per operation, whatever stands behind it.
//
// The list of operations is written once, in Rust. `Parity` below does not compile when the engine has an
// operation that this interface lacks, or the reverse.
import type {
  AccountMail,
  BackedUp,
  BrowserId,
  BrowserView,
  ConnectionId,
  ConnectionView,
  Diagnosis,
  Event,
  HistoryEntry,
  Imported,
  Keep,
  Operation,
  Overview,
  ProviderId,
  ProviderView,
  Redirect,
  SignInId,
  SignInMethod,
  SignInView,
} from './bindings';

export type { Event } from './bindings';

/** What a first sign-in needs to know. */
export interface BeginSignIn {
  provider: ProviderId;
  /** Which server, by the provider's variables. */
  variables: Record<string, string>;
  /** Where the person wants it kept. */
  keep: Keep;
  /** How the browser comes back; `null` lets Latchkey choose. */
  redirect: Redirect | null;
  /** What the person allows; `null` leaves it to the provider file. */
  purposes: string[] | null;
}

/** A client that the person brings. */
export interface SaveClient {
  provider: ProviderId;
  /** Which server it is for, by the provider's variables. */
  variables: Record<string, string>;
  clientId: string;
  clientSecret: string;
}

/** What a reconnect needs to know. */
export interface Reconnect {
  connection: ConnectionId;
  /** How the browser comes back; `null` lets Latchkey choose. */
  redirect: Redirect | null;
  /** What the person allows beyond what was asked before. */
  further: string[];
}

/** What a person answers when a sign-in asks: the way in of what has no type on the way out. */
export type PromptAnswer =
  | { kind: 'server'; server: string; collection: string; keep: Keep }
  | { kind: 'method'; method: SignInMethod }
  | { kind: 'password'; identity: string; password: string }
  | { kind: 'address'; email: string }
  | { kind: 'one-time-code'; code: string }
  | { kind: 'forgotten'; email: string }
  | { kind: 'back' };

/** In whose name to act, and for how long. */
export interface Impersonate {
  connection: ConnectionId;
  collection: string;
  record: string;
  seconds: number;
}

/** A backup: the whole path of its file, and the passphrase under which it is sealed. */
export interface BackupFile {
  path: string;
  passphrase: string;
}

/** Every operation. A method that fails rejects with a `Problem`. */
export interface Backend {
  overview(): Promise<Overview>;
  /** Sends the overview first, then every event, for as long as the window lives. */
  watch(listener: (event: Event) => void): Promise<void>;
  beginSignIn(request: BeginSignIn): Promise<SignInView>;
  reconnect(request: Reconnect): Promise<SignInView>;
  /** What comes of an answer is an event. */
  answerPrompt(request: { signIn: SignInId; answer: PromptAnswer }): Promise<void>;
  cancelSignIn(request: { signIn: SignInId }): Promise<void>;
  browsers(): Promise<BrowserView[]>;
  /** `null` chooses the standard one. */
  chooseBrowser(request: { connection: ConnectionId; browser: BrowserId | null }): Promise<ConnectionView>;
  /** An empty alias takes the one there is away. */
  rename(request: { connection: ConnectionId; alias: string }): Promise<ConnectionView>;
  /** `null` opens it in the browser of its connection. */
  openSignInPage(request: { signIn: SignInId; browser: BrowserId | null }): Promise<void>;
  copySignInLink(request: { signIn: SignInId }): Promise<void>;
  diagnose(request: { connection: ConnectionId }): Promise<Diagnosis>;
  /** Copies the last report. */
  copyDiagnosis(request: { connection: ConnectionId }): Promise<void>;
  check(request: { connection: ConnectionId }): Promise<ConnectionView>;
  requestMail(request: { connection: ConnectionId; mail: AccountMail }): Promise<void>;
  impersonate(request: Impersonate): Promise<ConnectionView>;
  disconnect(request: { connection: ConnectionId }): Promise<void>;
  forget(request: { connection: ConnectionId }): Promise<void>;
  /** An empty client id removes the saved client; an empty secret leaves the saved one. */
  saveClient(request: SaveClient): Promise<ProviderView>;
  copyRedirectUri(request: { provider: ProviderId }): Promise<void>;
  openRegisterPage(request: { provider: ProviderId }): Promise<void>;
  openManagePage(request: { connection: ConnectionId }): Promise<void>;
  history(request: { connection: ConnectionId }): Promise<HistoryEntry[]>;
  protectWithPassphrase(request: { passphrase: string }): Promise<void>;
  changePassphrase(request: { old: string; new: string }): Promise<void>;
  unlock(request: { passphrase: string }): Promise<void>;
  /** With `create` the file is made; without it must be there. */
  useKeyFile(request: { path: string; create: boolean }): Promise<void>;
  useKeychain(): Promise<void>;
  rotateKey(): Promise<void>;
  exportBackup(request: BackupFile): Promise<BackedUp[]>;
  importBackup(request: BackupFile): Promise<Imported[]>;
}

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type Never<Difference extends never> = Difference;

/** Holds nothing; its two parameters must be empty for this file to compile. */
export type Parity = [
  missing: Never<Exclude<Camel<Operation>, keyof Backend>>,
  surplus: Never<Exclude<keyof Backend, Camel<Operation>>>,
];
