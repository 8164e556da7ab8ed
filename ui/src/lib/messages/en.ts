// Every text a person reads, in one place, so that a second language is a second file.
//
// A text with a gap is a function; what it gets is ready to be read (names, formatted times), so a
// translation may order it as its language asks. Unions are spelled out by `Record`, so a new value of the
// protocol without a text does not compile.
import type {
  AttentionReason,
  BackupEnd,
  ConfigurationFault,
  FailureKind,
  HistoryKind,
  ImportEnd,
  NoticeKind,
  ProblemCode,
  Protection,
  RestingPlace,
  SealedReason,
  VaultState,
} from '../api/bindings';
import { diagnosis, purposes } from './en-diagnosis';
import { disconnectDialog, disconnecting, farewell } from './en-disconnect';
import { personal } from './en-personal';
import { providers } from './en-providers';
import { plural } from './plural';
import { prompts } from './prompts.en';

const list = new Intl.ListFormat('en', { type: 'conjunction' });

export const en = {
  app: {
    name: 'Latchkey',
    opening: 'Opening…',
    unreachable: 'The window cannot reach Latchkey',
    unreachableText: 'Close this window and open Latchkey again. Your sign-ins are kept where they rest.',
    tryAgain: 'Try again',
    messages: 'Messages',
    dismiss: 'Dismiss',
    quoted: (name: string) => `${name} says:`,
  },

  summary: {
    none: 'No connections yet',
    calm: (count: number) =>
      count === 1 ? '1 connection, healthy' : count === 2 ? 'Both connections healthy' : `All ${count} connections healthy`,
    noted: (count: number, noted: number) => `${plural(count, 'connection', 'connections')}, ${noted} with a note`,
    needing: (count: number) => (count === 1 ? '1 connection needs you' : `${count} connections need you`),
    degraded: (count: number) => `${plural(count, 'connection', 'connections')} not working`,
  },

  welcome: {
    title: 'Sign in once. Latchkey keeps it.',
    text: 'Latchkey signs you in through your own browser, keeps the sign-in on this computer, renews it by itself, and tells you before anything stops working.',
    choose: 'Choose a first connection',
    noProviders: 'Latchkey found no services to connect to. The messages above say which files could not be read.',
    promises: [
      ['Your browser, your password', 'You sign in on the service’s own page. Only for a server of your own, which has none, do you type a password here; it is kept nowhere.'],
      ['Kept on this computer', 'The sign-in rests in your keychain, or sealed, and goes nowhere else.'],
      ['Ends when you say so', 'Disconnect asks the service to remove access and erases everything here.'],
    ],
  },

  connections: {
    title: 'Connections',
    add: 'Add a connection',
  },

  ...providers,

  signIn: {
    waiting: 'Waiting for your browser',
    waitingText: (name: string) => `Finish signing in to ${name} there. This card goes on by itself.`,
    timeLeft: 'Time left',
    timeLeftAloud: (minutes: number) => `${plural(minutes, 'minute', 'minutes')} left to sign in`,
    openAgain: 'Open again',
    copyLink: 'Copy link',
    copied: 'Link copied. Paste it into the browser you want to use.',
    cancel: 'Cancel',
    notBack: 'Did the browser not come back?',
    notBackText: {
      'deep-link': 'Some browsers do not pass the answer on. Latchkey can wait for it at an address of this computer instead.',
      loopback: 'Latchkey waits at an address of this computer. It can also take the answer as a link.',
      'device-code': '',
    },
    tryOtherWay: 'Try another way',
    useCode: 'Use a code on another device',
    finishing: 'Finishing sign-in',
    finishingText: (name: string) => `The browser came back. Latchkey is asking ${name} who you are.`,
    tryAgain: 'Try again',
    declined: (name: string) => `${name} did not give access`,
    declinedText: 'You or the service declined the sign-in.',
    expired: 'Nobody came back in time',
    expiredText: 'Latchkey stopped waiting for an answer.',
    differentAccount: (found: string, expected: string) =>
      `You signed in as ${found}, but this connection belongs to ${expected}`,
    differentAccountText: (expected: string) =>
      `To reconnect, sign in as ${expected}. You may have to sign out in the browser first.`,
    failed: (name: string) => `Could not sign in to ${name}`,
    unchanged: 'Nothing was changed.',
    keepInMemory: 'Sign in for this session only',
  },

  ...prompts,

  keychainDialog: {
    title: 'The keychain is not available',
    text: (name: string) =>
      `Latchkey keeps sign-ins in the keychain of this computer. You can sign in to ${name} for this session only: the sign-in stays in memory, nothing is written, and it ends when Latchkey closes.`,
    protectText: 'Or protect your sign-ins with a passphrase: then they are kept without a keychain, and you can sign in after that.',
    confirm: 'Sign in for this session only',
    cancel: 'Not now',
  },

  protection: {
    keychain: 'Your sign-ins are kept in the keychain of this computer. One that cannot move there is sealed on this computer, with its key in the keychain.',
    keychainAbsent: 'There is no keychain on this computer that Latchkey can reach. What is sealed here waits for it; nothing new can be kept until there is one, or a passphrase.',
    passphrase: 'Your sign-ins are sealed on this computer under your passphrase. You enter it each time Latchkey starts; it is written nowhere.',
    passphraseNeeded: 'Your sign-ins are sealed on this computer under your passphrase, which has not been entered since Latchkey started.',
    keyFile: (path: string) => `Your sign-ins are sealed on this computer. The key is in the file ${path}: whoever has both can use them.`,
    keyFileUnusable: (path: string) => `Your sign-ins are sealed on this computer. The key was in the file ${path}, which cannot be used.`,
    protect: 'Protect with a passphrase',
    protectedNow: 'Protected by your passphrase',
    protectedText: 'You can sign in now.',
  },

  protectDialog: {
    title: 'Protect your sign-ins with a passphrase',
    text: 'Sign-ins are sealed on this computer under a passphrase that you enter each time Latchkey starts. The keychain is not used.',
    forgotten: 'Nobody can open them without it. If you forget it, you sign in anew.',
    confirm: 'Protect',
  },

  passphrase: {
    chosen: 'New passphrase',
    again: 'The same again',
    advice: (least: number) => `At least ${least} characters; several words are good.`,
    show: 'Show what I type',
    cancel: 'Cancel',
    empty: {
      path: 'Give the whole path of the file.',
      present: 'Enter the passphrase first.',
      chosen: 'Choose a passphrase first.',
      again: 'Enter the new passphrase once more.',
    },
    tooShort: (least: number) => `This is too short: use at least ${least} characters.`,
    different: 'The two are not the same. Enter the new passphrase once more.',
    wait: 'The next try is possible in',
    waitLabel: 'Time until the next try',
    nowAloud: 'You can try again now.',
  },

  unlock: {
    passphrase: 'Passphrase',
    submit: 'Unlock',
    done: 'Unlocked. Latchkey goes on by itself.',
    forgotten: 'A forgotten passphrase cannot be replaced: disconnect these connections and sign in anew.',
  },

  keyFile: {
    path: 'Where the key file is now',
    submit: 'Use this key file',
    done: 'The key file is in use',
  },

  security: {
    title: 'Where your sign-ins are kept',
    more: 'Passphrase, key and backup',
    change: 'Change the passphrase',
    present: 'Present passphrase',
    changed: 'Passphrase changed',
    useKeychain: 'Use the keychain instead',
    keychainNow: 'Kept in the keychain from here on',
    replace: 'Replace the key now',
    replaceText: 'Latchkey replaces its key every thirty days by itself. Do it now if a copy may be in other hands.',
    replaced: 'The key is being replaced',
  },

  backup: {
    export: 'Export to a file',
    exportText: 'For another computer, which renews these sign-ins from then on. They stop working here until you take them back.',
    exportPath: 'Whole path of the new file',
    exportPassphrase: 'Passphrase for this file',
    import: 'Import from a file',
    importPath: 'Whole path of the file',
    importPassphrase: 'Passphrase of this file',
    exported: 'Exported',
    imported: 'Imported',
    exportedAloud: (count: number, all: number) => `Exported ${count} of ${plural(all, 'connection', 'connections')}`,
    importedAloud: (count: number, all: number) => `Imported ${count} of ${plural(all, 'connection', 'connections')}`,
    nothing: 'There was nothing in it.',
    end: {
      exported: 'exported; the other computer renews it',
      'not-usable': 'not exported: it needs you first',
      'memory-only': 'not exported: it is kept in memory only',
      unreadable: 'not exported: it cannot be read',
      added: 'added',
      replaced: 'replaced what was here',
      'kept-existing': 'left as it is here, which is newer',
      failed: 'could not be saved',
    } satisfies Record<BackupEnd | ImportEnd, string>,
  },

  health: {
    connected: 'Healthy',
    expiring: 'Ends soon',
    limited: 'Limited',
    attention: 'Sign in again',
    handedOver: 'Handed over',
    misconfigured: 'Set-up problem',
    disconnecting: 'Disconnecting',
    stale: 'Cannot renew',
    offline: 'Offline',
    rateLimited: 'Asked to wait',
    clockWrong: 'Clock is wrong',
    locked: 'Locked',
    storageFault: 'Cannot save',
    aloud: (provider: string, account: string, word: string) => `${provider}, ${account}: ${word}`,
  },

  grant: {
    untilDay: (day: string) => `Renews itself; sign-in lasts until ${day}`,
    untilDisconnect: 'Renews itself; lasts until you disconnect',
    keptUntilDay: (day: string) => `Sign-in lasts until ${day}`,
    expiring: (day: string, distance: string) => `Sign-in ends on ${day}, ${distance}. Reconnect to start it anew.`,
    notRenewable: (at: string, distance: string) => `Cannot renew itself; ends ${at} (${distance})`,
    unlimited: 'Sign-in lasts until you disconnect',
    ended: (at: string) => `Access ended ${at}`,
    missing: (scopes: readonly string[]) => `Not allowed: ${list.format(scopes)}`,
    missingText: 'Reconnect to allow it.',
  },

  confirmed: {
    never: 'Not confirmed yet',
    ago: (distance: string) => `Confirmed ${distance}`,
    justNow: 'just now',
  },

  activity: {
    refreshing: 'Checking with the service…',
    retrying: (when: string, reason: string) => `${reason}. Trying again ${when}; access works meanwhile.`,
    stale: (since: string, reason: string, when: string) => `Cannot renew since ${since}: ${reason}. Trying again ${when}.`,
    offline: 'Waiting for the network. Your sign-in is kept.',
    offlineWithout: 'Waiting for the network. Your sign-in is kept, but access has run out until it can renew.',
    rateLimited: (name: string, until: string) => `${name} asks us to wait until ${until}`,
    clockWrong: (name: string, aheadMs: number) =>
      `This computer’s clock is ${Math.round(Math.abs(aheadMs) / 60_000)} minutes ${aheadMs > 0 ? 'ahead of' : 'behind'} ${name}’s. Set the clock; your sign-in is not affected.`,
    locked: {
      keychain: 'The keychain is locked. Unlock it, and Latchkey goes on by itself.',
      passphrase: 'Waiting for your passphrase. Your sign-in is kept.',
      'key-file': 'Waiting for the key file. Your sign-in is kept.',
    } satisfies Record<Protection['kind'], string>,
    storageFault: 'Latchkey cannot write to its database, so it does not renew until it can. Your sign-in is kept.',
    now: 'now',
  },

  cause: {
    authorization: (name: string) => `${name} refused once`,
    network: (name: string) => `${name} could not be reached`,
    'rate-limit': (name: string) => `${name} asked us to wait`,
    provider: (name: string) => `${name} has trouble of its own`,
    configuration: (name: string) => `A setting for ${name} is wrong`,
    storage: () => 'The database or the keychain failed',
    unknown: (name: string) => `Renewing at ${name} failed`,
  } satisfies Record<FailureKind, (name: string) => string>,

  attention: {
    title: 'Sign in again to go on',
    titleOf: {
      'rolled-back': 'An older copy was put back',
      'handed-over': 'Handed over to another computer',
    } as Partial<Record<AttentionReason, string>>,
    since: (at: string, distance: string) => `Since ${at} (${distance})`,
    reason: {
      'revoked-or-expired': (name: string) =>
        `${name} no longer accepts this sign-in. Access was removed there, or it ran out.`,
      'lost-rotation': (name: string) =>
        `${name} changed the sign-in, but its answer never arrived here, and it refuses the old one.`,
      'grant-ended': (name: string) => `${name} ends every sign-in after a fixed time, and this one has run out.`,
      'not-renewable': (name: string) => `Access ran out, and ${name} gave no way to renew it.`,
      unreadable: () => 'The stored sign-in is missing from the keychain or cannot be read.',
      'memory-only': () => 'This sign-in was kept in memory only, and Latchkey was closed since.',
      'rolled-back': (name: string) =>
        `An older copy of Latchkey’s database was put back, so this sign-in to ${name} may have been used and replaced since. It is not sent again by itself. Reconnect, or check again to try it.`,
      'ended-together': (name: string) => `${name} ends all sign-ins of an account together, and another one was disconnected.`,
      'handed-over': () =>
        'This sign-in was exported for another computer, which renews it from now on. To take it back, check again or reconnect, and stop using it there.',
      'identity-changed': (name: string) =>
        `${name} renewed this sign-in as that of another account. Nothing it sent is used. Reconnect, or disconnect to remove access at ${name}.`,
    } satisfies Record<AttentionReason, (name: string) => string>,
  },

  misconfigured: {
    title: 'Your sign-in is kept, but something is set up wrongly',
    showSetup: 'Show the set-up',
    seenHere: 'This computer says:',
    fault: {
      'client-refused': (name: string) => `${name} does not accept the client id. Check the one you saved.`,
      'client-id-missing': (name: string) => `The client id of ${name} was removed. Save one to go on.`,
      'request-refused': (name: string) => `${name} does not understand what Latchkey asks. Its provider file may be out of date.`,
      'endpoint-redirects': (name: string) =>
        `The address for renewing at ${name} sends us elsewhere, which Latchkey never follows. Check its provider file.`,
      'certificate-untrusted': (name: string) =>
        `This computer does not trust the certificate of ${name}. A proxy or a virus scanner may stand in between.`,
      'proxy-credentials': (name: string) =>
        `The proxy between this computer and ${name} wants a name and a password. Put them into the proxy settings of this computer.`,
      'provider-missing': (name: string) => `The provider file of ${name} is missing or broken. Put it back to go on.`,
      'tokens-refused': (name: string) => `${name} renews the sign-in, but its own service then refuses it. Try again later.`,
    } satisfies Record<ConfigurationFault, (name: string) => string>,
  },

  resting: {
    keychain: 'Kept in the keychain',
    sealed: 'Sealed on this computer, waiting for the keychain',
    memory: 'In memory only: ends when Latchkey closes',
  } satisfies Record<RestingPlace, string>,

  sealed: {
    'on-its-way': 'Sealed on this computer, on its way to the keychain',
    'too-large': 'Sealed on this computer, because it is too large for the keychain',
    'keychain-locked': 'Sealed on this computer until the keychain is unlocked',
    'keychain-absent': 'Sealed on this computer until there is a keychain',
    'keychain-slow': 'Sealed on this computer until the keychain answers',
    'keychain-refused': 'Sealed on this computer, because the keychain refuses it',
    'by-choice': 'Sealed on this computer',
  } satisfies Record<SealedReason, string>,

  sealedByChoice: {
    keychain: 'Sealed on this computer',
    passphrase: 'Sealed on this computer under your passphrase',
    'key-file': 'Sealed on this computer under your key file',
  } satisfies Record<Protection['kind'], string>,

  card: {
    check: 'Check',
    checkAgain: 'Check again',
    checkNamed: (words: string, provider: string, account: string) => `${words}: ${provider}, ${account}`,
    checked: (provider: string, account: string) => `${provider}, ${account} works`,
    reconnect: 'Reconnect',
    reconnectNamed: (provider: string, account: string) => `Reconnect ${provider}, ${account}`,
    disconnect: 'Disconnect',
    disconnectNamed: (provider: string, account: string) => `Disconnect ${provider}, ${account}`,
    details: 'Details and history',
    signedIn: 'Signed in',
    nextRenewal: 'Next renewal',
    accessUntil: 'Access until',
    allowed: 'Allowed',
    nothingAllowed: 'No particular permission',
    manage: (name: string) => `Open ${name}’s own page`,
  },

  history: {
    title: 'What happened',
    loading: 'Reading the history…',
    empty: 'Nothing recorded yet.',
    failed: 'The history could not be read.',
    kind: {
      'signed-in': 'Signed in',
      renewed: 'Renewed',
      'renewal-failed': 'Renewal failed',
      'needs-sign-in': 'Sign-in needed',
      misconfigured: 'A setting is wrong',
      'disconnect-requested': 'Disconnect requested',
      recovered: 'Newer sign-in found in the keychain',
      'handed-over': 'Exported for another computer',
      imported: 'Imported from a backup',
    } satisfies Record<HistoryKind, string>,
  },

  arrival: {
    connected: (provider: string, account: string) => `${account} connected to ${provider}`,
    reconnected: (provider: string, account: string) => `${account} reconnected to ${provider}`,
  },

  vault: {
    open: { title: '', text: '' },
    locked: {
      title: 'The keychain is locked',
      text: 'Nothing is lost. Unlock it, and Latchkey goes on by itself. New sign-ins wait sealed on this computer until then.',
    },
    absent: {
      title: 'This computer has no keychain that Latchkey can reach',
      text: 'Sign-ins can be kept in memory only, for this session. To keep them, protect them with a passphrase, or on Linux install and start gnome-keyring or KWallet.',
    },
    slow: {
      title: 'The keychain does not answer',
      text: 'Latchkey keeps trying. A window asking for your password may be open behind this one.',
    },
    refused: {
      title: 'The keychain refuses Latchkey',
      text: 'Allow Latchkey in the settings of your keychain. Sign-ins that rest there stay there.',
    },
    'passphrase-needed': {
      title: 'Enter your passphrase',
      text: 'Your sign-ins are sealed until then. Nothing is lost and nothing is renewed meanwhile.',
    },
    'key-file-unusable': {
      title: 'The key file cannot be used',
      text: 'It is gone, damaged, or open to others. Nothing is lost. Put it back, for you alone, and Latchkey goes on by itself.',
    },
  } satisfies Record<VaultState, { title: string; text: string }>,

  notice: {
    kind: {
      'provider-file': 'A provider file cannot be used',
      settings: 'The settings file cannot be read',
      database: 'The database had to be replaced',
      'deep-link': 'Browsers cannot hand the sign-in back by link',
    } satisfies Record<NoticeKind, string>,
    kept: {
      'provider-file': 'The file is kept as it is.',
      settings: 'The file is kept as it is.',
      database: '',
      'deep-link': '',
    } satisfies Record<NoticeKind, string>,
  },

  problem: {
    'client-id-missing': 'A client id is needed first',
    'keychain-unavailable': 'The keychain is not available',
    'passphrase-needed': 'The passphrase is needed first',
    'browser-unavailable': 'No browser could be opened',
    'sign-in-needed': 'This connection needs a new sign-in',
    temporary: 'Not possible at this moment',
    misconfigured: 'A setting is wrong',
    'not-found': 'This is gone already',
    'invalid-input': 'That cannot be right',
    storage: 'Latchkey cannot save',
    internal: 'Something went wrong in Latchkey',
  } satisfies Record<ProblemCode, string>,

  problemAction: {
    'copy-link': 'Copy the link instead',
    reconnect: 'Reconnect',
    retry: 'Try again',
  },

  unknownProblem: 'The reason is not known.',
  diagnosis,
  purposes,
  personal,
  disconnecting,
  disconnectDialog,
  farewell,
};
