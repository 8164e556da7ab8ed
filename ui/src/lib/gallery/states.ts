// Every state the window can be in, by name. A new state of the protocol gets a new entry here: the run over
// the gallery looks at each one in both themes and several widths, and a person looks at the pictures.
import type { AttentionReason, BrowserView, ConfigurationFault, ConnectionView, Problem, Protection, SealedReason, SignInEnding } from '../api/bindings';
import type { World } from '../api/memory';
import {
  ADA,
  BEN,
  catalogue,
  connection,
  DAY,
  diagnosis,
  discord,
  ended,
  github,
  type HealthParts,
  HOUR,
  mastodon,
  MINUTE,
  neighbour,
  NOW,
  overview,
  provider,
  SECOND,
  signIn,
  spotify,
} from './make';
import { PROMPT_STATES } from './prompts';

/** One state: a world, and what a person pressed in it. */
export interface State {
  world: World;
  /** Selectors of what is pressed, in order. */
  press?: readonly string[];
  /** What is typed into a field at the end, and sent. */
  type?: { into: string; text: string };
}

const problem = (code: Problem['code'], message: string, hint: string | null = null): Problem => ({
  code,
  message,
  hint,
  connection: null,
  retryAfterMs: null,
});

const first = (world: Partial<World['overview']> = {}, rest: Omit<World, 'overview'> = {}): State => ({
  world: { overview: overview(world), ...rest },
});

const connected = (...connections: ConnectionView[]): State => ({ world: { overview: overview({ connections }) } });

/** A connection that stopped working a little more than a day ago. */
const stopped = { renewal: { ...connection().renewal, lastSuccessAt: NOW - 27 * HOUR } };

const card = (special: Partial<ConnectionView>, health: HealthParts = {}): State =>
  connected(connection(special, health), neighbour());

const failing = (kind: NonNullable<ConnectionView['renewal']['lastFailure']>['kind'], message: string) => ({
  renewal: { ...connection().renewal, consecutiveFailures: 3, lastFailure: { kind, at: NOW - 20 * SECOND, message } },
});

const newSignIn = (stage: Parameters<typeof signIn>[0], special: Parameters<typeof signIn>[1] = {}): State =>
  first({ providers: [spotify(), discord({ signIn: signIn(stage, special) }), provider()] });

const newEnding = (ending: SignInEnding): State =>
  first({ providers: [spotify(), discord({ signIn: ended(ending) }), provider()] });

const attention = (reason: AttentionReason, providerText: string | null = null): HealthParts => ({
  grant: { kind: 'attention', reason, since: NOW - 26 * HOUR, providerText },
  activity: { kind: 'idle', nextRenewalAt: null },
  severity: 'attention',
});

const misconfigured = (fault: ConfigurationFault, providerText: string | null = null): HealthParts => ({
  grant: { kind: 'misconfigured', fault, since: NOW - 12 * MINUTE, providerText },
  severity: 'degraded',
});

const REASONS: readonly AttentionReason[] = ['lost-rotation', 'grant-ended', 'not-renewable', 'unreadable', 'memory-only', 'identity-changed'];
const FAULTS: readonly ConfigurationFault[] = [
  'client-id-missing',
  'request-refused',
  'endpoint-redirects',
  'certificate-untrusted',
  'proxy-credentials',
  'provider-missing',
  'tokens-refused',
];

const farewell = (revocation: NonNullable<World['revocation']>, manageUrl: string | null = null): State => ({
  world: { overview: overview({ connections: [connection({ manageUrl }), neighbour()] }), revocation },
  press: ['[data-connection=c-1] [data-action=disconnect]', '[data-action=confirm-disconnect]'],
});

const detailsOpen = '[data-connection=c-1] summary';

const BROWSERS: BrowserView[] = [
  { id: 'firefox.desktop', name: 'Firefox' },
  { id: 'work.desktop', name: 'Firefox for work' },
];

/** Two accounts of one service, with names of the person's own. */
function named(special: Partial<ConnectionView> = {}, rest: Omit<World, 'overview'> = {}): World {
  const work = connection({ alias: 'work', ...special });
  const home = neighbour({ provider: 'spotify', providerName: 'Spotify', alias: 'home' });
  return { overview: overview({ connections: [work, home] }), browsers: BROWSERS, ...rest };
}

/** One connection whose diagnosis was asked for. */
const diagnosed = (rest: Omit<World, 'overview'>): State => ({
  world: { overview: overview({ connections: [connection()] }), ...rest },
  press: [detailsOpen, '[data-connection=c-1] [data-action=diagnose]'],
});

const SEALED: readonly SealedReason[] = ['on-its-way', 'too-large', 'keychain-locked', 'keychain-absent', 'keychain-slow', 'keychain-refused'];

const KEY_FILE: Protection = { kind: 'key-file', path: '/media/ada/stick/latchkey.key' };

/** Two connections under a key that the person keeps; `closed` while it is not at hand. */
function underKey(protection: Protection, vault: World['overview']['vault'], rest: Omit<World, 'overview'> = {}): State {
  const locked: HealthParts = vault === 'open' ? {} : { activity: { kind: 'locked' }, severity: 'degraded' };
  const sealed = { resting: 'sealed', sealed: 'by-choice' } as const;
  const { health } = connection({}, locked);
  const connections = [connection(sealed, locked), neighbour({ ...sealed, health })];
  return { world: { overview: overview({ vault, protection, connections }), ...rest } };
}

const wrongPassphrase: Problem = {
  ...problem('invalid-input', 'This is not the passphrase.', 'Nothing is lost. Look at the keyboard layout and try again.'),
  retryAfterMs: 8_000,
};

const PASSPHRASE: Protection = { kind: 'passphrase' };
const securityOpen = '[data-protection] summary';

const manage = 'https://www.spotify.com/account/apps/';
const noKeychain = problem('keychain-unavailable', 'No keychain answers on this computer.', 'Start gnome-keyring or KWallet.');

export const STATES: Record<string, State> = {
  'first-run': first(),
  'first-run-no-keychain': first({ vault: 'absent' }),
  'first-run-no-providers': first({
    providers: [],
    notices: [
      {
        kind: 'provider-file',
        message: '/home/ada/.config/latchkey/providers/music.toml, line 12: unknown field `authorisation`.',
        remedy: 'Write `authorization`, then start Latchkey again.',
      },
    ],
  }),
  'setup': { ...first(), press: ['[data-provider=spotify] [data-action=set-up]'] },
  'setup-empty-field': {
    ...first(),
    press: ['[data-provider=spotify] [data-action=set-up]', '[data-action=save-client]'],
  },
  'setup-refused': {
    ...first({}, { problems: { saveClient: problem('invalid-input', 'A Spotify client id has 32 letters and digits; this one has 5.') } }),
    press: ['[data-provider=spotify] [data-action=set-up]'],
    type: { into: '[data-provider=spotify] [data-client-field]', text: 'abcde' },
  },
  'catalogue': first({ providers: catalogue() }),
  'catalogue-all': { ...first({ providers: catalogue() }), press: ['[data-action=show-all-providers]'] },
  'catalogue-connected': { world: { overview: overview({ providers: catalogue(), connections: [connection()] }) } },
  'setup-secret': {
    ...first({ providers: [github(), discord(), provider()] }),
    press: ['[data-provider=github] [data-action=set-up]'],
  },
  'setup-server': {
    ...first({ providers: [mastodon(), discord(), provider()] }),
    press: ['[data-provider=mastodon] [data-action=set-up]'],
  },
  'setup-change': {
    ...first({ providers: [spotify({ clientId: { kind: 'settings' } }), discord(), provider()] }),
    press: ['[data-provider=spotify] [data-action=set-up]'],
  },
  'setup-environment': {
    ...first({
      providers: [spotify({ clientId: { kind: 'environment', variable: 'LATCHKEY_SPOTIFY_CLIENT_ID' } }), discord(), provider()],
    }),
    press: ['[data-provider=spotify] [data-action=set-up]'],
  },
  'client-id-sources': first({
    providers: [
      spotify({ clientId: { kind: 'settings' } }),
      discord({ clientId: { kind: 'environment', variable: 'LATCHKEY_DISCORD_CLIENT_ID' } }),
      provider(),
    ],
  }),
  'sign-in-waiting': newSignIn({ kind: 'waiting-for-browser' }),
  'sign-in-overdue': newSignIn(
    { kind: 'waiting-for-browser' },
    { startedAt: NOW - 55 * SECOND, expiresAt: NOW + 9 * MINUTE + 5 * SECOND },
  ),
  'sign-in-overdue-loopback': newSignIn(
    { kind: 'waiting-for-browser' },
    { startedAt: NOW - 55 * SECOND, expiresAt: NOW + 65 * SECOND, redirect: 'loopback' },
  ),
  ...PROMPT_STATES,
  'sign-in-finishing': newSignIn({ kind: 'finishing' }),
  'sign-in-declined': newEnding({ kind: 'declined', providerText: 'The user denied the request' }),
  'sign-in-expired': newEnding({ kind: 'expired' }),
  'sign-in-failed': newEnding({
    kind: 'failed',
    problem: problem('temporary', 'Discord answered with a fault of its own (503).', 'Try again in a few minutes.'),
  }),
  'sign-in-failed-keychain': newEnding({ kind: 'failed', problem: noKeychain }),
  'keychain-dialog': {
    ...first({ vault: 'absent' }, { problems: { beginSignIn: noKeychain } }),
    press: ['[data-provider=discord] [data-action=sign-in]'],
  },
  'problem-temporary': {
    ...first({}, { problems: { beginSignIn: problem('temporary', 'Discord cannot be reached.', 'Check the network.') } }),
    press: ['[data-provider=discord] [data-action=sign-in]'],
  },
  'healthy': connected(
    connection(),
    neighbour(),
    neighbour({ id: 'c-3', provider: 'sandbox', providerName: 'Latchkey Sandbox', account: { key: 'x', name: 'Grace Hopper', picture: null } }),
  ),
  'details': {
    world: {
      overview: overview({ connections: [connection()] }),
      history: [
        { at: NOW - 3 * MINUTE, kind: 'renewed', message: null },
        { at: NOW - 9 * MINUTE, kind: 'renewal-failed', message: 'Spotify answered 503' },
        { at: NOW - 58 * MINUTE, kind: 'renewed', message: null },
        { at: NOW - 7 * DAY, kind: 'signed-in', message: 'as Ada Lovelace' },
      ],
    },
    press: ['[data-connection=c-1] summary'],
  },
  'diagnosis': diagnosed({ diagnosis: diagnosis() }),
  'diagnosis-discord': diagnosed({
    diagnosis: diagnosis({
      providerName: 'Discord',
      steps: diagnosis().steps.map((step) =>
        step.kind === 'sample' ? { ...step, message: 'Discord lets Latchkey in for: identify, guilds.' } : step,
      ),
      budget: { remaining: 4, limit: 5, resetsInMs: 1_000, scope: 'user' },
      sample: { kind: 'application', name: 'Latchkey', expires: NOW + 7 * DAY },
    }),
  }),
  'diagnosis-failed': diagnosed({
    diagnosis: diagnosis({
      steps: [
        { kind: 'renewal', outcome: 'passed', message: 'Access was renewed.', tookMs: 312 },
        {
          kind: 'identity',
          outcome: 'failed',
          message: 'Spotify · Ada Lovelace: the sign-in could not be confirmed, the provider says: User not registered in the Developer Dashboard.',
          tookMs: 95,
        },
        { kind: 'sample', outcome: 'skipped', message: 'Nothing more was asked, since the account was not confirmed.', tookMs: null },
      ],
      missing: ['user-library-read'],
      consecutiveFailures: 3,
      sample: null,
    }),
  }),
  'diagnosis-trouble': diagnosed({ problems: { diagnose: problem('not-found', 'This connection does not exist any more.') } }),
  'grant-more': {
    world: { overview: overview({ connections: [connection()] }) },
    press: [detailsOpen, '[data-connection=c-1] [data-purpose=follow]'],
  },
  'purposes': first({ providers: [spotify({ clientId: { kind: 'settings' } }), discord(), provider()] }),
  'ended-together': card(stopped, attention('ended-together')),
  'details-unreadable': {
    world: {
      overview: overview({ connections: [connection()] }),
      problems: { history: problem('storage', 'The database could not be read: disk I/O error.') },
    },
    press: ['[data-connection=c-1] summary'],
  },
  'aliases': { world: named() },
  'rename': { world: named(), press: [detailsOpen, '[data-connection=c-1] [data-action=rename]'] },
  'rename-taken': {
    world: named({}, {
      problems: {
        rename: problem('invalid-input', 'Another connection to Spotify is called “home”: that of Ben Okafor.', 'Choose another name.'),
      },
    }),
    press: [detailsOpen, '[data-connection=c-1] [data-action=rename]'],
    type: { into: '[data-field=new-alias]', text: 'home' },
  },
  'browser-choice': { world: named({ browser: 'work.desktop' }), press: [detailsOpen] },
  'browser-gone': { world: named({ browser: 'chrome-work.desktop' }), press: [detailsOpen] },
  'open-in': {
    world: named({ signIn: signIn({ kind: 'waiting-for-browser' }, { provider: 'spotify', connection: 'c-1', browserMissing: true }) }),
    press: ['[data-connection=c-1] [data-open-in] summary'],
  },
  'expiring': card({}, { grant: { kind: 'expiring', endsAt: NOW + 6 * DAY }, severity: 'notice' }),
  'limited': card(
    { grant: { ...connection().grant, missing: ['playlist-modify-private', 'user-follow-read'] } },
    { grant: { kind: 'limited', missing: ['playlist-modify-private', 'user-follow-read'] }, severity: 'notice' },
  ),
  'not-renewable': card({
    grant: { ...connection().grant, endsAt: null },
    renewal: { ...connection().renewal, renewable: false, accessExpiresAt: NOW + 5 * HOUR },
  }),
  'unlimited': card({
    grant: { ...connection().grant, endsAt: null },
    renewal: { ...connection().renewal, renewable: false, accessExpiresAt: null, lastSuccessAt: null },
  }),
  'resting': connected(
    connection({ resting: 'sealed' }),
    neighbour({ resting: 'memory' }),
  ),
  'refreshing': card({}, { activity: { kind: 'refreshing' } }),
  'retrying': card(failing('provider', 'Spotify answered 503.'), {
    activity: { kind: 'retrying', cause: 'provider', nextAt: NOW + 40 * SECOND },
  }),
  'stale': card(failing('provider', 'Spotify answered 503.'), {
    activity: { kind: 'stale', cause: 'provider', since: NOW - 12 * MINUTE, nextAt: NOW + 4 * MINUTE },
    severity: 'degraded',
  }),
  'offline': card(failing('network', 'Spotify could not be reached.'), {
    activity: { kind: 'offline', nextAt: NOW + 40 * SECOND },
    severity: 'notice',
  }),
  'offline-stale': card(failing('network', 'Spotify could not be reached.'), {
    activity: { kind: 'offline', nextAt: NOW + 40 * SECOND },
    severity: 'degraded',
  }),
  'rate-limited': card(failing('rate-limit', 'Spotify asked to wait.'), {
    activity: { kind: 'rate-limited', until: NOW + 19 * MINUTE },
    severity: 'notice',
  }),
  'locked': {
    world: {
      overview: overview({
        vault: 'locked',
        connections: [connection({}, { activity: { kind: 'locked' }, severity: 'degraded' }), neighbour()],
      }),
    },
  },
  'storage-fault': card({}, { activity: { kind: 'storage-fault' }, severity: 'degraded' }),
  'attention': card(stopped, attention('revoked-or-expired', 'Refresh token revoked')),
  'attention-reasons': connected(
    ...REASONS.map((reason, index) => 
      connection({ ...stopped, id: `c-${index}`, account: { ...BEN, name: `Ben ${index + 1}` } }, attention(reason)),
    ),
  ),
  'misconfigured': card({}, misconfigured('client-refused', 'Invalid client')),
  'misconfigured-faults': connected(
    ...FAULTS.map((fault, index) => connection({ id: `c-${index}`, account: { ...BEN, name: `Ben ${index + 1}` } }, misconfigured(fault))),
  ),
  'reconnect-waiting': card(
    { ...stopped, signIn: signIn({ kind: 'waiting-for-browser' }, { provider: 'spotify', connection: 'c-1' }) },
    attention('revoked-or-expired', 'Refresh token revoked'),
  ),
  'reconnect-different-account': card(
    { ...stopped, signIn: ended({ kind: 'different-account', expected: ADA, found: BEN }, { provider: 'spotify', connection: 'c-1' }) },
    attention('revoked-or-expired'),
  ),
  'reconnect-declined-healthy': card({
    signIn: ended({ kind: 'declined', providerText: null }, { provider: 'spotify', connection: 'c-1' }),
  }),
  'disconnect-dialog': { ...card({}), press: ['[data-connection=c-1] [data-action=disconnect]'] },
  'disconnecting': card({}, { grant: { kind: 'disconnecting' }, severity: 'pending' }),
  'farewell-confirmed': farewell('confirmed'),
  'farewell-not-offered': farewell('not-offered', manage),
  'farewell-unconfirmed': farewell('unconfirmed', manage),
  'farewell-unconfirmed-nowhere': farewell('unconfirmed'),
  'farewell-nothing-left': farewell('nothing-left'),
  'vault-slow': { world: { overview: overview({ vault: 'slow', connections: [connection()] }) } },
  'vault-refused': { world: { overview: overview({ vault: 'refused', connections: [connection()] }) } },
  'passphrase-needed': underKey(PASSPHRASE, 'passphrase-needed'),
  'passphrase-wrong': {
    ...underKey(PASSPHRASE, 'passphrase-needed', { problems: { unlock: wrongPassphrase } }),
    type: { into: '[data-vault] form input', text: 'not the right words' },
  },
  'passphrase-empty': { ...underKey(PASSPHRASE, 'passphrase-needed'), press: ['[data-action=unlock]'] },
  'key-file-unusable': underKey(KEY_FILE, 'key-file-unusable'),
  'protected-by-passphrase': underKey(PASSPHRASE, 'open'),
  'protected-by-key-file': underKey(KEY_FILE, 'open'),
  'protect-dialog': {
    ...first({ vault: 'absent' }, { problems: { beginSignIn: noKeychain } }),
    press: ['[data-provider=discord] [data-action=sign-in]', 'dialog [data-action=protect]'],
  },
  'protect-dialog-short': {
    ...first({ vault: 'absent' }),
    press: ['[data-vault] [data-action=protect]'],
    type: { into: 'dialog form input', text: 'too short' },
  },
  'rolled-back': card(stopped, attention('rolled-back')),
  'handed-over': card(stopped, attention('handed-over')),
  'clock-wrong': card({}, { activity: { kind: 'clock-wrong', aheadMs: 47 * MINUTE }, severity: 'degraded' }),
  'sealed-reasons': connected(
    ...SEALED.map((sealed, index) =>
      connection({ id: `c-${index}`, resting: 'sealed', sealed, account: { ...BEN, name: `Ben ${index + 1}` } }),
    ),
  ),
  'security': { ...underKey(PASSPHRASE, 'open'), press: [securityOpen] },
  'security-change': { ...underKey(PASSPHRASE, 'open'), press: [securityOpen, '[data-action=change-passphrase]'] },
  'security-export': { ...connected(connection(), neighbour()), press: [securityOpen, '[data-action=export]'] },
  'security-import': { ...first(), press: [securityOpen, '[data-action=import]'] },
  'notices': {
    world: {
      overview: overview({
        connections: [connection()],
        notices: [
          {
            kind: 'provider-file',
            message: '/home/ada/.config/latchkey/providers/music.toml, line 12: unknown field `authorisation`.',
            remedy: 'Write `authorization`, then start Latchkey again.',
          },
          {
            kind: 'settings',
            message: '/home/ada/.config/latchkey/settings.json, line 3: expected a comma.',
            remedy: 'Correct the line. Until then Latchkey uses its defaults.',
          },
          {
            kind: 'database',
            message: 'The database was damaged (malformed page). It is kept at /home/ada/.local/share/latchkey/latchkey.db.damaged-1.',
            remedy: 'Connect your accounts again, or put a backup of latchkey.db in its place and start Latchkey again.',
          },
          {
            kind: 'deep-link',
            message: 'Links that begin with dev.latchkey.app: open another program.',
            remedy: 'Sign-ins come back through an address of this computer instead.',
          },
        ],
      }),
    },
  },
  'long-words': connected(
    connection({
      account: { key: 'long', name: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft', picture: null },
      providerName: 'A Service With Quite A Long Name, Limited',
    }, attention('revoked-or-expired', 'x'.repeat(180))),
    neighbour({ account: { key: 'rtl', name: 'محمد بن موسى الخوارزمي', picture: null } }),
  ),
  'everything': {
    world: {
      overview: overview({
        connections: [
          connection(stopped, attention('grant-ended')),
          neighbour(),
          connection({ id: 'c-3', account: { key: 'w', name: 'Work', picture: null } }, { grant: { kind: 'expiring', endsAt: NOW + 6 * DAY }, severity: 'notice' }),
          neighbour({ id: 'c-4', account: { key: 'g', name: 'Grace Hopper', picture: null }, provider: 'sandbox', providerName: 'Latchkey Sandbox' }),
        ],
      }),
    },
  },
  'opening': { world: { overview: overview(), silent: ['watch'] } },
  'unreachable': { world: { overview: overview(), problems: { watch: problem('internal', 'Command watch not found.') } } },
};
