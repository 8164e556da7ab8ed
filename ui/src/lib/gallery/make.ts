// Made-up values, complete enough to be drawn: a state of the gallery names only what is special about it.
import type {
  AccountView,
  Activity,
  ConnectionView,
  Diagnosis,
  GrantState,
  Overview,
  ProviderView,
  PurposeView,
  Severity,
  SignInEnding,
  SignInStage,
  SignInView,
} from '../api/bindings';

/** The moment at which the gallery stands still: a Monday afternoon. */
export const NOW = Date.UTC(2026, 8, 21, 16, 21, 7);

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const PORTRAIT = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 44"><rect width="44" height="44" fill="#5b6fa8"/><circle cx="22" cy="17" r="8" fill="#f4d8b4"/><path d="M6 44a16 16 0 0 1 32 0" fill="#e9e3d5"/></svg>',
)}`;

export const ADA: AccountView = { key: 'ada', name: 'Ada Lovelace', picture: PORTRAIT };
export const BEN: AccountView = { key: 'ben', name: 'Ben', picture: null };

const SPOTIFY_PURPOSES: PurposeView[] = [
  { id: 'read-history', words: 'See what you played recently', on: true },
  { id: 'read-library', words: 'See your saved music and private playlists', on: true },
  { id: 'edit-library', words: 'Save music and remove it', on: false },
  { id: 'edit-playlists', words: 'Make playlists and change them', on: false },
  { id: 'follow', words: 'See and change whom you follow', on: false },
];

/** A provider that is ready, unless said otherwise. */
export function provider(special: Partial<ProviderView> = {}): ProviderView {
  return {
    id: 'sandbox',
    name: 'Latchkey Sandbox',
    summary: 'A pretend service on this computer, to see a sign-in work.',
    asks: ['See your name and picture', 'See your history'],
    purposes: [],
    clientId: { kind: 'built-in' },
    setup: null,
    signIn: null,
    forTesting: true,
    category: 'other',
    availability: { status: 'open', reason: null },
    needs: special.clientId?.kind === 'missing' ? ['client-id'] : [],
    variables: [],
    secretSaved: false,
    ...special,
  };
}

/** A provider that needs a client id of the person's own. */
export function spotify(special: Partial<ProviderView> = {}): ProviderView {
  const needs: ProviderView['needs'] = special.clientId && special.clientId.kind !== 'missing' ? [] : ['client-id'];
  return provider({
    needs,
    category: 'media',
    id: 'spotify',
    name: 'Spotify',
    summary: 'Your listening history, library and playlists.',
    asks: [],
    purposes: SPOTIFY_PURPOSES,
    clientId: { kind: 'missing', variable: 'LATCHKEY_SPOTIFY_CLIENT_ID' },
    setup: {
      steps: [
        'Open the Spotify developer dashboard, sign in with a Premium account and create an app.',
        'Add the redirect URI below to the app, to the letter, and tick “Web API”.',
        'Copy the app’s client id and save it here. Latchkey never needs the client secret.',
      ],
      registerUrl: 'https://developer.spotify.com/dashboard',
      redirectUri: 'dev.latchkey.app:/oauth/spotify',
    },
    forTesting: false,
    ...special,
  });
}

/** A third one, to see the grid. */
export function discord(special: Partial<ProviderView> = {}): ProviderView {
  return provider({
    id: 'discord',
    name: 'Discord',
    summary: 'Your profile and the servers you are in.',
    asks: ['See your name and picture'],
    purposes: [
      { id: 'servers', words: 'See which servers you are in', on: true },
      { id: 'email', words: 'See your e-mail address', on: false },
    ],
    forTesting: false,
    ...special,
  });
}

/** One whose sign-in is led in the window. */
export function pocketbase(special: Partial<ProviderView> = {}): ProviderView {
  return provider({
    id: 'pocketbase',
    name: 'PocketBase',
    summary: 'Apps on a PocketBase server, yours or somebody else’s.',
    asks: [],
    category: 'self-hosted',
    needs: [],
    forTesting: false,
    ...special,
  });
}

/** A service on a server that the person names, and one that wants a secret too. */
export function mastodon(special: Partial<ProviderView> = {}): ProviderView {
  return provider({
    id: 'mastodon',
    name: 'Mastodon',
    summary: 'Your posts and timelines on a Mastodon server.',
    category: 'social',
    needs: ['variable'],
    variables: [{ name: 'instance', words: 'The address of the server', default: 'https://mastodon.social' }],
    forTesting: false,
    ...special,
  });
}

/** A service that wants a client secret. */
export function github(special: Partial<ProviderView> = {}): ProviderView {
  return spotify({
    id: 'github',
    name: 'GitHub',
    summary: 'Your repositories, issues and profile on GitHub.',
    asks: ['See your profile'],
    purposes: [],
    category: 'developer',
    needs: ['client-id-and-secret'],
    ...special,
  });
}

/** A service that cannot be reached from here. */
export function withings(): ProviderView {
  return provider({
    id: 'withings',
    name: 'Withings',
    summary: 'Your measurements, by Withings.',
    category: 'health',
    needs: ['broker'],
    availability: {
      status: 'open',
      reason: 'It sends people back to https addresses only, which a program on a desktop cannot receive.',
    },
    forTesting: false,
  });
}

/** More services than are shown at once. */
export function catalogue(): ProviderView[] {
  const more = Array.from({ length: 14 }, (_, index) =>
    github({ id: `service-${index}`, name: `Service ${index + 1}`, summary: 'One of many.', category: 'business' }),
  );
  return [spotify(), discord(), provider(), mastodon(), github(), withings(), ...more];
}

/** What is special about a connection's health. */
export interface HealthParts {
  grant?: GrantState;
  activity?: Activity;
  severity?: Severity;
}

/** A healthy connection, unless said otherwise. */
export function connection(special: Partial<ConnectionView> = {}, health: HealthParts = {}): ConnectionView {
  const shared = { id: 'c-1', provider: 'spotify', providerName: 'Spotify', account: ADA, alias: null, browser: null };
  return {
    ...shared,
    health: {
      grant: { kind: 'connected' },
      activity: { kind: 'idle', nextRenewalAt: NOW + 41 * MINUTE },
      severity: 'healthy',
      ...health,
    },
    grant: {
      authorizedAt: NOW - 7 * DAY,
      endsAt: NOW + 174 * DAY,
      granted: ['user-read-recently-played', 'user-library-read'],
      missing: [],
    },
    renewal: {
      renewable: true,
      accessExpiresAt: NOW + 46 * MINUTE,
      lastSuccessAt: NOW - 3 * MINUTE,
      consecutiveFailures: 0,
      lastFailure: null,
    },
    resting: 'keychain',
    sealed: null,
    signIn: null,
    realm: null,
    purposes: SPOTIFY_PURPOSES,
    manageUrl: 'https://www.spotify.com/account/apps/',
    ...special,
  };
}

/** A second account elsewhere, so that no state stands alone. */
export function neighbour(special: Partial<ConnectionView> = {}): ConnectionView {
  const calm = connection();
  return {
    ...calm,
    id: 'c-2',
    provider: 'discord',
    providerName: 'Discord',
    account: { key: 'ben-2', name: 'Ben Okafor', picture: null },
    grant: { ...calm.grant, endsAt: null, granted: ['identify', 'guilds'] },
    purposes: [],
    manageUrl: null,
    ...special,
  };
}

/** A diagnosis in which everything works, unless said otherwise. */
export function diagnosis(special: Partial<Diagnosis> = {}): Diagnosis {
  return {
    connection: 'c-1',
    providerName: 'Spotify',
    accountName: 'Ada Lovelace',
    version: '0.1.0',
    at: NOW,
    steps: [
      { kind: 'renewal', outcome: 'skipped', message: 'Access is not due to be renewed.', tookMs: null },
      { kind: 'identity', outcome: 'passed', message: 'Spotify says that this is Ada Lovelace.', tookMs: 181 },
      { kind: 'sample', outcome: 'passed', message: 'Spotify tells 50 recent plays.', tookMs: 243 },
    ],
    accessMinutes: 46,
    grantEndsAt: NOW + 174 * DAY,
    granted: ['user-read-recently-played', 'user-library-read'],
    missing: [],
    budget: null,
    consecutiveFailures: 0,
    lastFailure: null,
    sample: { kind: 'recently-played', count: 50, titles: ['Loopback', 'No Context', 'Test Pressing'] },
    ...special,
  };
}

export function signIn(stage: SignInStage, special: Partial<SignInView> = {}): SignInView {
  return {
    id: 's-1',
    provider: 'discord',
    connection: null,
    stage,
    redirect: 'deep-link',
    byCode: false,
    browserMissing: false,
    startedAt: NOW - 8 * SECOND,
    expiresAt: NOW + 10 * MINUTE - 8 * SECOND,
    ...special,
  };
}

export function ended(ending: SignInEnding, special: Partial<SignInView> = {}): SignInView {
  return signIn({ kind: 'ended', ending }, special);
}

/** A whole state: three providers, nothing connected, everything in order. */
export function overview(special: Partial<Overview> = {}): Overview {
  return { providers: [spotify(), discord(), provider()], connections: [], notices: [], vault: 'open', protection: { kind: 'keychain' }, ...special };
}
