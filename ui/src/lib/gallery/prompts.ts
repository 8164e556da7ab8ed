// What a sign-in may ask, each question as a state of the gallery, and what an account of one's own server looks like.
import type { Prompt, PromptFault, PromptField } from '../api/bindings';
import { connection, MINUTE, neighbour, NOW, overview, pocketbase, provider, SECOND, signIn, spotify } from './make';
import type { State } from './states';

const SERVER_URL = 'https://pb.example.com';
const SERVER: Prompt = { kind: 'enter-server', server: '', collection: 'users', keep: 'memory' };
const METHODS: Extract<Prompt, { kind: 'choose-method' }> = {
  kind: 'choose-method',
  server: SERVER_URL,
  methods: [
    { kind: 'password' },
    { kind: 'one-time-code' },
    { kind: 'upstream', id: 'oidc', name: 'Company account' },
  ],
  second: false,
};
const PASSWORD: Extract<Prompt, { kind: 'enter-password' }> = {
  kind: 'enter-password',
  server: SERVER_URL,
  identityFields: ['email', 'username'],
  identity: 'ada@example.com',
  second: false,
  mailSentTo: null,
};
const ADDRESS: Prompt = {
  kind: 'enter-address',
  server: SERVER_URL,
  email: null,
  second: false,
  replaces: true,
};
const MAILED: Prompt = {
  kind: 'enter-one-time-code',
  server: SERVER_URL,
  sentTo: 'ada@example.com',
  length: null,
  expiresAt: NOW + 160 * SECOND,
  second: false,
  replaces: true,
};

const wrong = (field: PromptField, message: string): PromptFault[] => [{ field, message, retryAt: null }];

/** A first sign-in that asks something. */
function prompted(prompt: Prompt, faults: PromptFault[] = []): State {
  const asking = signIn({ kind: 'asking', prompt, faults }, { provider: 'pocketbase' });
  return { world: { overview: overview({ providers: [pocketbase({ signIn: asking }), spotify(), provider()] }) } };
}

/** Those states, by name. */
export const PROMPT_STATES: Record<string, State> = {
  'prompt-server': prompted(SERVER),
  'prompt-server-wrong': prompted(SERVER, wrong('server', 'This address cannot be used: a sign-in would travel unprotected.')),
  'prompt-methods': prompted(METHODS),
  'prompt-methods-second': prompted({ ...METHODS, second: true, methods: METHODS.methods.slice(1) }),
  'prompt-password': prompted(PASSWORD),
  'prompt-password-wrong': prompted(PASSWORD, wrong('password', 'Failed to authenticate.')),
  'prompt-password-mailed': prompted({ ...PASSWORD, mailSentTo: 'ada@example.com' }),
  'prompt-address': prompted(ADDRESS),
  'prompt-code': prompted(MAILED),
  'prompt-code-wait': prompted(MAILED, [
    { field: null, message: 'The server asks to wait 180 seconds.', retryAt: NOW + 3 * MINUTE },
  ]),
  'prompt-device-code': prompted({
    kind: 'enter-code',
    userCode: 'WDJB-MJHT',
    verificationUri: 'https://www.twitch.tv/activate',
    verificationUriComplete: 'https://www.twitch.tv/activate?device-code=WDJBMJHT',
    expiresAt: NOW + 29 * MINUTE,
  }),
  'impersonated': {
    world: {
      overview: overview({ connections: [
      connection({
        provider: 'pocketbase',
        providerName: 'PocketBase',
        resting: 'memory',
        manageUrl: null,
        grant: { ...connection().grant, endsAt: null, granted: [] },
        renewal: { ...connection().renewal, renewable: false, accessExpiresAt: NOW + 14 * MINUTE },
        realm: { server: SERVER_URL, mayImpersonate: false, impersonatedBy: 'admin@example.com' },
      }),
      neighbour({
        provider: 'pocketbase',
        providerName: 'PocketBase',
        resting: 'memory',
        account: { key: 'admin', name: 'admin@example.com', picture: null },
        realm: { server: SERVER_URL, mayImpersonate: true, impersonatedBy: null },
      }),
      ] }),
    },
    press: ['[data-connection=c-2] summary'],
  },
};
