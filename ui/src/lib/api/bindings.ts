// Generated from crates/latchkey-protocol. Do not edit: `script/types` writes it.

/**
 * Milliseconds since the Unix epoch, by the wall clock.
 */
export type Timestamp = number;

/**
 * Names a provider file: `spotify`.
 */
export type ProviderId = string;

/**
 * Names one signed-in account at a provider, for as long as it stays connected.
 */
export type ConnectionId = string;

/**
 * Names one attempt to sign in. It is not the OAuth `state`, which stays in the engine.
 */
export type SignInId = string;

/**
 * Names a browser for as long as it is installed: on Linux its desktop entry, such as `firefox.desktop`.
 */
export type BrowserId = string;

/**
 * Something that can be asked of Latchkey, by whatever door.
 */
export type Operation = "overview" | "watch" | "begin_sign_in" | "reconnect" | "answer_prompt" | "browsers" | "choose_browser" | "rename" | "cancel_sign_in" | "open_sign_in_page" | "copy_sign_in_link" | "diagnose" | "copy_diagnosis" | "check" | "request_mail" | "impersonate" | "disconnect" | "forget" | "save_client" | "copy_redirect_uri" | "open_register_page" | "open_manage_page" | "history" | "protect_with_passphrase" | "change_passphrase" | "unlock" | "use_key_file" | "use_keychain" | "rotate_key" | "export_backup" | "import_backup";

/**
 * The whole state of the engine that may leave it.
 */
export type Overview = { 
/**
 * Every provider, in the order of the catalogue.
 */
providers: Array<ProviderView>, 
/**
 * Every connection, oldest first.
 */
connections: Array<ConnectionView>, 
/**
 * What is wrong with files and settings.
 */
notices: Array<Notice>, 
/**
 * How the place is where sign-ins rest.
 */
vault: VaultState, 
/**
 * Where the key is kept under which they are sealed.
 */
protection: Protection, };

/**
 * How the place is where sign-ins rest.
 */
export type VaultState = "open" | "locked" | "absent" | "slow" | "refused" | "passphrase-needed" | "key-file-unusable";

/**
 * Where the installation key is kept, under which sign-ins are sealed. The person chooses; nothing changes it
 * silently.
 */
export type Protection = { "kind": "keychain" } | { "kind": "passphrase" } | { "kind": "key-file", 
/**
 * Where the file is.
 */
path: string, };

/**
 * Something about a file or a setting that the person should know.
 */
export type Notice = { 
/**
 * What it is about.
 */
kind: NoticeKind, 
/**
 * What happened: the file, the line, what is wrong.
 */
message: string, 
/**
 * What to do.
 */
remedy: string, };

/**
 * What a notice is about.
 */
export type NoticeKind = "provider-file" | "settings" | "database" | "deep-link";

/**
 * A service one can connect to.
 */
export type ProviderView = { 
/**
 * Its id.
 */
id: ProviderId, 
/**
 * Its name.
 */
name: string, 
/**
 * What connecting it is good for, in one sentence.
 */
summary: string, 
/**
 * Scopes that are always asked for, in words where the provider file has words.
 */
asks: Array<string>, 
/**
 * What the person may allow or leave beyond that.
 */
purposes: Array<PurposeView>, 
/**
 * Where the client id comes from.
 */
clientId: ClientIdSource, 
/**
 * What the person does to get a client id of their own.
 */
setup: SetupView | null, 
/**
 * A first sign-in that is under way or has ended without success.
 */
signIn: SignInView | null, 
/**
 * Whether the provider exists only for trying things out.
 */
forTesting: boolean, 
/**
 * Among what people look for it.
 */
category: ProviderCategory, 
/**
 * Who may use it.
 */
availability: ProviderAvailability, 
/**
 * What has to be there before a sign-in, and is not there by itself. Empty: one click.
 */
needs: Array<ProviderNeed>, 
/**
 * What the person says before a sign-in.
 */
variables: Array<VariableView>, 
/**
 * Whether a client secret is saved or comes from the environment. Never what it is.
 */
secretSaved: boolean, };

/**
 * Where the client id of a provider comes from.
 */
export type ClientIdSource = { "kind": "built-in" } | { "kind": "settings" } | { "kind": "environment", 
/**
 * Which.
 */
variable: string, } | { "kind": "missing", 
/**
 * The environment variable that may name one.
 */
variable: string, };

/**
 * How the person gets a client id.
 */
export type SetupView = { 
/**
 * The steps, in order, each one sentence.
 */
steps: Array<string>, 
/**
 * The page where the provider registers applications.
 */
registerUrl: string, 
/**
 * The redirect URI to register, to the letter.
 */
redirectUri: string, };

/**
 * One purpose: allowed or left, as a whole.
 */
export type PurposeView = { 
/**
 * Its id in the provider file.
 */
id: string, 
/**
 * What is allowed.
 */
words: string, 
/**
 * At a provider: whether it is asked for where nobody has chosen. At a connection: whether it is granted.
 */
on: boolean, };

/**
 * Among what people look for a provider.
 */
export type ProviderCategory = "business" | "chat" | "developer" | "files" | "games" | "health" | "identity" | "mail" | "maps" | "media" | "other" | "productivity" | "self-hosted" | "social";

/**
 * Who may use a provider.
 */
export type ProviderAvailability = { 
/**
 * Who may register a client there.
 */
status: AvailabilityStatus, 
/**
 * Why it cannot be connected to from here; absent where it can.
 */
reason: string | null, };

/**
 * Who may register a client.
 */
export type AvailabilityStatus = "open" | "approval" | "limited" | "closed" | "sunset";

/**
 * What has to be there before a sign-in.
 */
export type ProviderNeed = "client-id" | "client-id-and-secret" | "client-id-perhaps-secret" | "variable" | "broker";

/**
 * Something that the person says before a sign-in.
 */
export type VariableView = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is, in words.
 */
words: string, 
/**
 * What stands where the person says nothing.
 */
default: string | null, };

/**
 * A browser that is installed.
 */
export type BrowserView = { 
/**
 * How it is chosen.
 */
id: BrowserId, 
/**
 * Its name for people.
 */
name: string, };

/**
 * One signed-in account at a provider.
 */
export type ConnectionView = { 
/**
 * Its id.
 */
id: ConnectionId, 
/**
 * The provider's id.
 */
provider: ProviderId, 
/**
 * The provider's name, also when its file is missing.
 */
providerName: string, 
/**
 * Who is signed in.
 */
account: AccountView, 
/**
 * What the person calls it, where they gave it a name.
 */
alias: string | null, 
/**
 * In which browser the person wants to sign in; absent for the standard one.
 */
browser: BrowserId | null, 
/**
 * How it is.
 */
health: Health, 
/**
 * What was granted, and for how long.
 */
grant: GrantView, 
/**
 * How renewing goes.
 */
renewal: RenewalView, 
/**
 * Where the sign-in rests.
 */
resting: RestingPlace, 
/**
 * Why it rests sealed, where it does.
 */
sealed: SealedReason | null, 
/**
 * A reconnect that is under way or has ended without success.
 */
signIn: SignInView | null, 
/**
 * Where the account is, at a provider of many servers.
 */
realm: RealmView | null, 
/**
 * What the person may allow at this provider, and whether it is granted.
 */
purposes: Array<PurposeView>, 
/**
 * The provider's own page for removing access, where it has one.
 */
manageUrl: string | null, };

/**
 * Who is signed in, in the provider's words, made safe for display.
 */
export type AccountView = { 
/**
 * The immutable key by which the provider knows the account.
 */
key: string, 
/**
 * The name to show.
 */
name: string, 
/**
 * The picture as a `data:` URL, so that the window never fetches anything.
 */
picture: string | null, };

/**
 * Where an account is, at a provider of many servers.
 */
export type RealmView = { 
/**
 * The server.
 */
server: string, 
/**
 * Whether it is the account of somebody who may act in the name of others there.
 */
mayImpersonate: boolean, 
/**
 * Who acts in the name of this account, where that is not its owner.
 */
impersonatedBy: string | null, };

/**
 * What was granted and for how long.
 */
export type GrantView = { 
/**
 * When the person authorized.
 */
authorizedAt: Timestamp, 
/**
 * When the provider ends the grant whatever happens; absent where it lasts until it is removed.
 */
endsAt: Timestamp | null, 
/**
 * Scopes in force.
 */
granted: Array<string>, 
/**
 * Scopes asked for and not granted.
 */
missing: Array<string>, };

/**
 * How renewing goes.
 */
export type RenewalView = { 
/**
 * Whether the provider gave a way to renew.
 */
renewable: boolean, 
/**
 * When present access runs out; absent where it does not.
 */
accessExpiresAt: Timestamp | null, 
/**
 * The last time the provider confirmed the sign-in.
 */
lastSuccessAt: Timestamp | null, 
/**
 * Failures in a row since then.
 */
consecutiveFailures: number, 
/**
 * The last failure, until the next success.
 */
lastFailure: FailureView | null, };

/**
 * One failure, told to a person.
 */
export type FailureView = { 
/**
 * Of which kind.
 */
kind: FailureKind, 
/**
 * When.
 */
at: Timestamp, 
/**
 * What happened, in words.
 */
message: string, };

/**
 * Where a sign-in rests.
 */
export type RestingPlace = "keychain" | "sealed" | "memory";

/**
 * Why a sign-in rests sealed in the local database rather than in the keychain. Nothing is lost in any case.
 */
export type SealedReason = "on-its-way" | "too-large" | "keychain-locked" | "keychain-absent" | "keychain-slow" | "keychain-refused" | "by-choice";

/**
 * One line of a connection's history.
 */
export type HistoryEntry = { 
/**
 * When.
 */
at: Timestamp, 
/**
 * What.
 */
kind: HistoryKind, 
/**
 * In words, where the kind alone does not say it.
 */
message: string | null, };

/**
 * What happened to a connection.
 */
export type HistoryKind = "signed-in" | "renewed" | "renewal-failed" | "needs-sign-in" | "misconfigured" | "disconnect-requested" | "recovered" | "handed-over" | "imported";

/**
 * How a connection is, as one value: everything a card, a tray line or a program needs to know.
 */
export type Health = { 
/**
 * Whether the person needs to act.
 */
grant: GrantState, 
/**
 * What is happening at this moment.
 */
activity: Activity, 
/**
 * The two layers folded into the one word that decides the colour.
 */
severity: Severity, };

/**
 * The colour of a card, as a word. Ordered from calm to urgent.
 */
export type Severity = "healthy" | "pending" | "notice" | "degraded" | "attention";

/**
 * Whether the person needs to act on a connection.
 */
export type GrantState = { "kind": "connected" } | { "kind": "expiring", 
/**
 * When the provider ends the grant.
 */
endsAt: Timestamp, } | { "kind": "limited", 
/**
 * Scopes asked for and not granted.
 */
missing: Array<string>, } | { "kind": "attention", 
/**
 * Why.
 */
reason: AttentionReason, 
/**
 * Since when.
 */
since: Timestamp, 
/**
 * What the provider said, made safe for display.
 */
providerText: string | null, } | { "kind": "misconfigured", 
/**
 * What is wrong.
 */
fault: ConfigurationFault, 
/**
 * Since when.
 */
since: Timestamp, 
/**
 * What the provider said, made safe for display.
 */
providerText: string | null, } | { "kind": "disconnecting" };

/**
 * Why the person must sign in again.
 */
export type AttentionReason = "revoked-or-expired" | "lost-rotation" | "grant-ended" | "not-renewable" | "unreadable" | "memory-only" | "rolled-back" | "handed-over" | "ended-together" | "identity-changed";

/**
 * What is set up wrongly, on this side or on the provider's.
 */
export type ConfigurationFault = "client-refused" | "client-id-missing" | "request-refused" | "endpoint-redirects" | "certificate-untrusted" | "proxy-credentials" | "provider-missing" | "tokens-refused";

/**
 * What is happening to a connection at this moment.
 */
export type Activity = { "kind": "idle", 
/**
 * When the next renewal is planned.
 */
nextRenewalAt: Timestamp | null, } | { "kind": "refreshing" } | { "kind": "retrying", 
/**
 * Of which kind the last failure was.
 */
cause: FailureKind, 
/**
 * When the next try is planned.
 */
nextAt: Timestamp, } | { "kind": "stale", 
/**
 * Of which kind the last failure was.
 */
cause: FailureKind, 
/**
 * Since when renewal fails.
 */
since: Timestamp, 
/**
 * When the next try is planned.
 */
nextAt: Timestamp, } | { "kind": "offline", 
/**
 * When the next try is planned.
 */
nextAt: Timestamp, } | { "kind": "rate-limited", 
/**
 * Until when.
 */
until: Timestamp, } | { "kind": "clock-wrong", 
/**
 * Milliseconds by which this computer is ahead of the provider; negative where it is behind.
 */
aheadMs: number, } | { "kind": "locked" } | { "kind": "storage-fault" };

/**
 * Of which kind a failure was.
 */
export type FailureKind = "authorization" | "network" | "rate-limit" | "provider" | "configuration" | "storage" | "unknown";

/**
 * How a connection was from a moment on, until the next change.
 */
export type HealthChange = { 
/**
 * From when on.
 */
at: Timestamp, 
/**
 * The colour.
 */
severity: Severity, 
/**
 * The grant, without its details.
 */
grant: GrantKind, 
/**
 * What was happening, without its details.
 */
activity: ActivityKind, };

/**
 * A grant state without its details.
 */
export type GrantKind = "connected" | "expiring" | "limited" | "attention" | "misconfigured" | "disconnecting";

/**
 * An activity without its details.
 */
export type ActivityKind = "idle" | "refreshing" | "retrying" | "stale" | "offline" | "rate-limited" | "clock-wrong" | "locked" | "storage-fault";

/**
 * What was found out about a connection.
 */
export type Diagnosis = { 
/**
 * Which connection.
 */
connection: ConnectionId, 
/**
 * The provider's name.
 */
providerName: string, 
/**
 * The account's name.
 */
accountName: string, 
/**
 * The version of Latchkey.
 */
version: string, 
/**
 * When it was made.
 */
at: Timestamp, 
/**
 * What was done, in order.
 */
steps: Array<DiagnosisStep>, 
/**
 * Whole minutes until present access runs out; absent where it does not or there is none.
 */
accessMinutes: number | null, 
/**
 * When the provider ends the grant; absent where it lasts until it is removed.
 */
grantEndsAt: Timestamp | null, 
/**
 * Scopes in force.
 */
granted: Array<string>, 
/**
 * Scopes asked for and not granted.
 */
missing: Array<string>, 
/**
 * How much may still be called, where the provider said.
 */
budget: RateBudget | null, 
/**
 * Failures in a row since the last success.
 */
consecutiveFailures: number, 
/**
 * The last failure, until the next success.
 */
lastFailure: FailureView | null, 
/**
 * A little of what the provider gave.
 */
sample: Sample | null, };

/**
 * One step of a diagnosis.
 */
export type DiagnosisStep = { 
/**
 * What was done.
 */
kind: StepKind, 
/**
 * What came of it.
 */
outcome: StepOutcome, 
/**
 * The same in words.
 */
message: string, 
/**
 * Milliseconds from the request to the answer, where something was asked.
 */
tookMs: number | null, };

/**
 * What a step of a diagnosis does.
 */
export type StepKind = "renewal" | "identity" | "sample";

/**
 * What came of a step.
 */
export type StepOutcome = "passed" | "skipped" | "waiting" | "failed";

/**
 * How much may still be called.
 */
export type RateBudget = { 
/**
 * Calls that are left.
 */
remaining: number, 
/**
 * Calls in a whole window.
 */
limit: number | null, 
/**
 * Milliseconds until all are there again.
 */
resetsInMs: number | null, 
/**
 * What it counts.
 */
scope: RateScope, };

/**
 * What a request to wait concerns.
 */
export type RateScope = "user" | "global" | "shared";

/**
 * A little of what a provider gave.
 */
export type Sample = { "kind": "recently-played", 
/**
 * How many plays were told.
 */
count: number, 
/**
 * Titles of the latest, three at most.
 */
titles: Array<string>, } | { "kind": "application", 
/**
 * Its name.
 */
name: string, 
/**
 * When its access ends, by Discord's own account.
 */
expires: Timestamp | null, };

/**
 * What a shell that shows notices has to do.
 */
export type NoticesDue = { 
/**
 * The one to show, in place of whatever is shown.
 */
show: DueNotice | null, 
/**
 * What is over: its notice is taken back without a word.
 */
withdraw: Array<Incident>, };

/**
 * A notice that is due, in words.
 */
export type DueNotice = { 
/**
 * Provider, account and what happened; of several, how many.
 */
title: string, 
/**
 * The consequence and the remedy; of several, one line for each.
 */
body: string, 
/**
 * Whether all of it was told before: then it comes without a sound.
 */
reminder: boolean, 
/**
 * What it tells of, most urgent first. Its button leads to the connection of the first.
 */
incidents: Array<Incident>, };

/**
 * A connection and what is wrong with it.
 */
export type Incident = { 
/**
 * Which connection.
 */
connection: ConnectionId, 
/**
 * What is wrong.
 */
reason: IncidentReason, };

/**
 * What is wrong, as far as a person is told of it.
 */
export type IncidentReason = { "kind": "sign-in-needed", 
/**
 * Why.
 */
reason: AttentionReason, } | { "kind": "misconfigured", 
/**
 * Which.
 */
fault: ConfigurationFault, } | { "kind": "stale" } | { "kind": "rate-limited" } | { "kind": "expiring", 
/**
 * The step of the warning: 14, 7 or 1 days before the end.
 */
days: number, };

/**
 * One attempt to sign in, from the click to its end.
 */
export type SignInView = { 
/**
 * Its id.
 */
id: SignInId, 
/**
 * At which provider.
 */
provider: ProviderId, 
/**
 * Which connection it renews; absent when it adds an account.
 */
connection: ConnectionId | null, 
/**
 * How far it is.
 */
stage: SignInStage, 
/**
 * How the browser comes back.
 */
redirect: Redirect, 
/**
 * Whether the provider would also take a code that is typed on another device.
 */
byCode: boolean, 
/**
 * Whether the browser chosen for it is not there any more, so that the standard one was opened.
 */
browserMissing: boolean, 
/**
 * When it began.
 */
startedAt: Timestamp, 
/**
 * When it is given up by itself.
 */
expiresAt: Timestamp, };

/**
 * How far a sign-in is.
 */
export type SignInStage = { "kind": "waiting-for-browser" } | { "kind": "asking", 
/**
 * What.
 */
prompt: Prompt, 
/**
 * What is wrong with the answer before.
 */
faults: Array<PromptFault>, } | { "kind": "finishing" } | { "kind": "ended", 
/**
 * How.
 */
ending: SignInEnding, };

/**
 * One question.
 */
export type Prompt = { "kind": "enter-server", 
/**
 * What is known of it so far.
 */
server: string, 
/**
 * The collection whose records sign in.
 */
collection: string, 
/**
 * Where the sign-in is to be kept, unless the person says otherwise.
 */
keep: Keep, } | { "kind": "choose-method", 
/**
 * Who offers them.
 */
server: string, 
/**
 * The ways, in the server's order.
 */
methods: Array<SignInMethod>, 
/**
 * Whether one has been passed and another one is asked for.
 */
second: boolean, } | { "kind": "enter-password", 
/**
 * Who asks.
 */
server: string, 
/**
 * By which fields the server finds an account, such as `email` and `username`.
 */
identityFields: Array<string>, 
/**
 * What was typed before.
 */
identity: string | null, 
/**
 * Whether one method has been passed and this is the other one.
 */
second: boolean, 
/**
 * The address to which a mail for choosing another one is on its way.
 */
mailSentTo: string | null, } | { "kind": "enter-address", 
/**
 * Who asks.
 */
server: string, 
/**
 * What was typed before.
 */
email: string | null, 
/**
 * Whether one method has been passed and this is the other one.
 */
second: boolean, 
/**
 * Whether signing in with a code verifies an address that is not verified yet, and with that replaces
 * what the account signed in with before.
 */
replaces: boolean, } | { "kind": "enter-one-time-code", 
/**
 * Who asks.
 */
server: string, 
/**
 * Where it was sent. The server does not say whether anybody has that address.
 */
sentTo: string, 
/**
 * How many characters it has, where the server says so.
 */
length: number | null, 
/**
 * When it does not count any more.
 */
expiresAt: Timestamp, 
/**
 * Whether one method has been passed and this is the other one.
 */
second: boolean, 
/**
 * As in [`Prompt::EnterAddress`].
 */
replaces: boolean, } | { "kind": "enter-code", 
/**
 * What is typed there. It is no secret (RFC 8628 5.1).
 */
userCode: string, 
/**
 * The page.
 */
verificationUri: string, 
/**
 * The page with the code filled in, where the provider has one.
 */
verificationUriComplete: string | null, 
/**
 * When it does not count any more.
 */
expiresAt: Timestamp, };

/**
 * A way to sign in that a server offers.
 */
export type SignInMethod = { "kind": "password" } | { "kind": "one-time-code" } | { "kind": "upstream", 
/**
 * Its name at the server.
 */
id: string, 
/**
 * Its name for people.
 */
name: string, };

/**
 * What is wrong with an answer.
 */
export type PromptFault = { 
/**
 * At which field; absent where it is the whole.
 */
field: PromptField | null, 
/**
 * What, and what to do.
 */
message: string, 
/**
 * Not before this moment is an answer taken.
 */
retryAt: Timestamp | null, };

/**
 * A field of a prompt.
 */
export type PromptField = "server" | "collection" | "identity" | "password" | "email" | "code";

/**
 * A mail that a server sends to the account's own address.
 */
export type AccountMail = "verification" | "reset";

/**
 * How a sign-in ended that did not succeed. Whatever was connected before still is.
 */
export type SignInEnding = { "kind": "declined", 
/**
 * What the provider said, made safe for display.
 */
providerText: string | null, } | { "kind": "expired" } | { "kind": "different-account", 
/**
 * The account of the connection.
 */
expected: AccountView, 
/**
 * The account that came back.
 */
found: AccountView, } | { "kind": "failed", 
/**
 * What, and what to do.
 */
problem: Problem, };

/**
 * How the browser comes back to Latchkey.
 */
export type Redirect = "deep-link" | "loopback" | "device-code";

/**
 * Where the person wants the sign-in kept.
 */
export type Keep = "keychain" | "memory";

/**
 * What went wrong, told so that a person or a program knows what to do next.
 */
export type Problem = { 
/**
 * What somebody acts on.
 */
code: ProblemCode, 
/**
 * What happened, to which connection.
 */
message: string, 
/**
 * What to do next.
 */
hint: string | null, 
/**
 * The connection concerned.
 */
connection: ConnectionId | null, 
/**
 * When trying again makes sense, in milliseconds from the answer.
 */
retryAfterMs: number | null, };

/**
 * A code exists only because some consumer acts on it: the comment says who.
 */
export type ProblemCode = "client-id-missing" | "keychain-unavailable" | "passphrase-needed" | "browser-unavailable" | "sign-in-needed" | "temporary" | "misconfigured" | "not-found" | "invalid-input" | "storage" | "internal";

/**
 * One event, numbered from 1 in the order in which things happened.
 */
export type Event = { 
/**
 * Its number.
 */
number: number, 
/**
 * What happened.
 */
body: EventBody, };

/**
 * What happened.
 */
export type EventBody = { "kind": "overview", 
/**
 * The whole state.
 */
overview: Overview, } | { "kind": "connection-changed", 
/**
 * Its new value.
 */
connection: ConnectionView, } | { "kind": "connection-removed", 
/**
 * Which.
 */
id: ConnectionId, 
/**
 * What is left to say.
 */
farewell: Farewell, } | { "kind": "provider-changed", 
/**
 * Its new value.
 */
provider: ProviderView, };

/**
 * What is said when a connection is gone.
 */
export type Farewell = { 
/**
 * The provider's name.
 */
providerName: string, 
/**
 * The account's name.
 */
accountName: string, 
/**
 * What the provider knows of it.
 */
revocation: Revocation, 
/**
 * The provider's own page for removing access, where the person may look or has to act.
 */
manageUrl: string | null, };

/**
 * What the provider knows of a disconnect.
 */
export type Revocation = "confirmed" | "not-offered" | "unconfirmed" | "nothing-left";

/**
 * What became of one connection in an export.
 */
export type BackedUp = { 
/**
 * The provider's name.
 */
providerName: string, 
/**
 * The account's name.
 */
accountName: string, 
/**
 * What became of it.
 */
end: BackupEnd, };

/**
 * What became of a connection in an export.
 */
export type BackupEnd = "exported" | "not-usable" | "memory-only" | "unreadable";

/**
 * What became of one connection in an import.
 */
export type Imported = { 
/**
 * The provider's name.
 */
providerName: string, 
/**
 * The account's name.
 */
accountName: string, 
/**
 * What became of it.
 */
end: ImportEnd, };

/**
 * What became of a connection in an import.
 */
export type ImportEnd = "added" | "replaced" | "kept-existing" | "failed";
