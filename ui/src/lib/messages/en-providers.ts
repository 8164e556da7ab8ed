// The texts about services to connect to: finding one, what it needs, bringing a client of one's own.
import type { ProviderCategory, ProviderNeed } from '../api/bindings';
import { plural } from './plural';

const list = new Intl.ListFormat('en', { type: 'conjunction' });

const NEEDS: Record<ProviderNeed, string> = {
  'client-id': 'your own client id',
  'client-id-and-secret': 'your own client id and secret',
  'client-id-perhaps-secret': 'your own client id, and its secret if it has one',
  variable: 'to know where your account is',
  broker: 'a server in between',
};

const CATEGORIES: Record<ProviderCategory, string> = {
  business: 'Business',
  chat: 'Chat',
  developer: 'Software',
  files: 'Files',
  games: 'Games',
  health: 'Health',
  identity: 'Identity',
  mail: 'Mail',
  maps: 'Maps',
  media: 'Music and media',
  other: 'Other',
  productivity: 'Work',
  'self-hosted': 'Own server',
  social: 'Social',
};

export const providers = {
  provider: {
    signIn: 'Sign in',
    signInTo: (name: string) => `Sign in to ${name}`,
    addAccount: 'Add an account',
    addAccountTo: (name: string) => `Add an account at ${name}`,
    asks: 'Asks to',
    forTesting: 'For testing',
    setUp: 'Set up',
    setUpNamed: (name: string) => `Set up ${name}`,
    needsClientId: (name: string) => `${name} needs your own client id`,
    clientIdFor: (name: string) => `Your client id for ${name}`,
    ownClientId: 'Uses your client id',
    variableClientId: 'Client id from the environment',
    change: 'Change',
    changeNamed: (name: string) => `Change the client id for ${name}`,
  },

  add: {
    search: 'Find a service',
    placeholder: 'Name, purpose or kind',
    found: (count: number) => `${plural(count, 'service', 'services')} found`,
    total: (count: number) => plural(count, 'service', 'services'),
    none: 'No service has all of these words. A service that is missing can be added with a file of your own.',
    showAll: (count: number) => `Show all ${count}`,
  },

  category: CATEGORIES,

  /** What has to be there before a sign-in. */
  needs: (needs: readonly ProviderNeed[]) => `Needs ${list.format(needs.map((need) => NEEDS[need]))}`,

  setup: {
    where: (name: string) => `Where is your account at ${name}?`,
    clientSecret: 'Client secret',
    clientSecretIfAny: 'Client secret, if it has one',
    secretKept: 'It is kept sealed on this computer, is sent to this service alone and is never shown again.',
    secretSaved: 'A client secret is saved. Leave this empty to keep it.',
    signIn: 'Sign in',
    emptyVariable: (words: string) => `Fill this in first: ${words}.`,
    why: (name: string) =>
      `${name} asks everyone to register the programs they use. It takes a few minutes, once. A client id is a public name, not a password.`,
    redirectUri: 'Redirect URI, exactly as it must be registered',
    copy: 'Copy',
    copied: 'Copied',
    copyRedirectUri: 'Copy the redirect URI',
    openRegisterPage: (name: string) => `Open ${name}’s registration page`,
    clientId: 'Client id',
    placeholder: 'Paste the client id here',
    save: 'Save',
    remove: 'Remove the saved client id',
    close: 'Close',
    empty: 'Paste the client id first.',
    variable: (variable: string) => `You can also set the environment variable ${variable} before Latchkey starts.`,
    fromVariable: (variable: string) =>
      `The client id in use comes from the environment variable ${variable}. One that you save here is used instead.`,
    fromSettings: 'A client id is saved. Another one takes its place.',
    saved: (name: string) => `Client id for ${name} saved`,
    savedText: 'You can sign in now.',
    removed: (name: string) => `Client id for ${name} removed`,
  },
};
