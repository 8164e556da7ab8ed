// From what the engine says to what a card says. Pure: the same connection at the same moment reads the same.
import type {
  Activity,
  ConnectionView,
  FailureKind,
  Health,
  Protection,
  RestingPlace,
  Severity,
  SignInEnding,
  SignInStage,
  Timestamp,
  VaultState,
} from './api/bindings';
import type { IconName } from './components/ui/icons';
import { t } from './messages';
import { promptTitle } from './prompt';
import { ago, day, distance, isShort, moment } from './time';

/** The sign of each severity: five shapes, so that the colour is never needed. */
export const SEVERITY_ICON: Record<Severity, IconName> = {
  healthy: 'check',
  pending: 'dots',
  notice: 'info',
  degraded: 'warning',
  attention: 'stop',
};

/** The sign of each resting place. */
export const RESTING_ICON: Record<RestingPlace, IconName> = { keychain: 'key', sealed: 'sealed', memory: 'memory' };

function troubleWord(activity: Activity): string | null {
  switch (activity.kind) {
    case 'idle':
    case 'refreshing':
    case 'retrying':
      return null;
    case 'stale':
      return t.health.stale;
    case 'offline':
      return t.health.offline;
    case 'rate-limited':
      return t.health.rateLimited;
    case 'clock-wrong':
      return t.health.clockWrong;
    case 'locked':
      return t.health.locked;
    case 'storage-fault':
      return t.health.storageFault;
  }
}

/** How a connection is named where there may be several: by what the person calls it, and by its account. */
export function called({ alias, account }: Pick<ConnectionView, 'alias' | 'account'>): string {
  return alias === null ? account.name : `${alias} (${account.name})`;
}

/** The word on the badge. What the person must do comes first, then what does not work, then what is worth knowing. */
export function healthWord({ grant, activity }: Health): string {
  if (grant.kind === 'attention' && grant.reason === 'handed-over') return t.health.handedOver;
  if (grant.kind === 'attention' || grant.kind === 'misconfigured' || grant.kind === 'disconnecting') {
    return t.health[grant.kind];
  }
  return troubleWord(activity) ?? t.health[grant.kind];
}

/** Until when the sign-in lasts, and whether it renews itself. */
export function grantLine({ health, grant, renewal }: ConnectionView, now: Timestamp): string {
  if (health.grant.kind === 'expiring') {
    return t.grant.expiring(day(health.grant.endsAt), distance(health.grant.endsAt, now));
  }
  if (renewal.renewable) {
    // While renewing fails, "renews itself" would contradict the line below.
    const renews = ['idle', 'refreshing', 'clock-wrong'].includes(health.activity.kind);
    if (grant.endsAt === null) return renews ? t.grant.untilDisconnect : t.grant.unlimited;
    return renews ? t.grant.untilDay(day(grant.endsAt)) : t.grant.keptUntilDay(day(grant.endsAt));
  }
  const ends = [renewal.accessExpiresAt, grant.endsAt].filter((at) => at !== null);
  if (ends.length === 0) return t.grant.unlimited;
  const end = Math.min(...ends);
  if (end <= now) return t.grant.ended(ago(end, now, t.confirmed.justNow));
  return t.grant.notRenewable(moment(end, now), distance(end, now));
}

/** How a sign-in ended, in one sentence. */
export function endingTitle(ending: SignInEnding, providerName: string): string {
  switch (ending.kind) {
    case 'declined':
      return t.signIn.declined(providerName);
    case 'expired':
      return t.signIn.expired;
    case 'different-account':
      return t.signIn.differentAccount(ending.found.name, ending.expected.name);
    case 'failed':
      return t.signIn.failed(providerName);
  }
}

/** How far a sign-in is, in one sentence. */
export function stageTitle(stage: SignInStage, providerName: string): string {
  switch (stage.kind) {
    case 'waiting-for-browser':
      return t.signIn.waiting;
    case 'asking':
      return promptTitle(stage.prompt);
    case 'finishing':
      return t.signIn.finishing;
    case 'ended':
      return endingTitle(stage.ending, providerName);
  }
}

/** Where the sign-in rests, in words; nothing where the trouble is that it rests nowhere any more. */
export function restingLine({ health, resting, sealed }: ConnectionView, protection: Protection): string | null {
  const { grant } = health;
  const gone = grant.kind === 'attention' && (grant.reason === 'unreadable' || grant.reason === 'memory-only');
  if (gone) return null;
  // Where the person chose another place, no sentence may blame the keychain.
  if (sealed && (sealed === 'by-choice' || protection.kind !== 'keychain')) return t.sealedByChoice[protection.kind];
  return sealed ? t.sealed[sealed] : t.resting[resting];
}

/** Where all sign-ins are, in plain words. */
export function protectionLine(protection: Protection, vault: VaultState): string {
  switch (protection.kind) {
    case 'keychain':
      return vault === 'absent' ? t.protection.keychainAbsent : t.protection.keychain;
    case 'passphrase':
      return vault === 'passphrase-needed' ? t.protection.passphraseNeeded : t.protection.passphrase;
    case 'key-file':
      return vault === 'key-file-unusable' ? t.protection.keyFileUnusable(protection.path) : t.protection.keyFile(protection.path);
  }
}

/** Whether a passphrase of the person's own would help where the keychain does not. */
export function passphraseHelps(protection: Protection, vault: VaultState): boolean {
  // A keychain that is locked or slow is there: unlocking it is the way.
  return protection.kind === 'keychain' && vault !== 'locked' && vault !== 'slow';
}

/** Whether the cure is in the set-up of the provider. */
export function curedBySetup({ health: { grant } }: ConnectionView): boolean {
  return grant.kind === 'misconfigured' && (grant.fault === 'client-refused' || grant.fault === 'client-id-missing');
}

/** When the next try is. */
export function nextTry(at: Timestamp, now: Timestamp): string {
  return at <= now ? t.activity.now : distance(at, now);
}

/** The line under the state: what is happening, in what colour, with what sign. */
export interface ActivityLine {
  tone: 'calm' | 'degraded';
  icon: IconName | 'spinner';
  text: string;
  /** Whether it counts seconds and has to be drawn again each second. */
  counting: boolean;
}

/** A failure as part of a sentence: in the engine's words where there are any. */
function reason(connection: ConnectionView, cause: FailureKind): string {
  const told = connection.renewal.lastFailure;
  const words = told && told.kind === cause ? told.message : t.cause[cause](connection.providerName);
  return words.trim().replace(/[.;:,]+$/, '');
}

/** What is happening, or nothing when nothing is worth a line. */
export function activityLine(connection: ConnectionView, now: Timestamp, protection: Protection): ActivityLine | null {
  const { activity, severity } = connection.health;
  const tone = severity === 'degraded' ? 'degraded' : 'calm';
  const line = (icon: ActivityLine['icon'], text: string, counting = false) => ({ tone, icon, text, counting }) as const;
  switch (activity.kind) {
    case 'idle':
      return null;
    case 'refreshing':
      return line('spinner', t.activity.refreshing);
    case 'retrying':
      return line(
        'refresh',
        t.activity.retrying(nextTry(activity.nextAt, now), reason(connection, activity.cause)),
        isShort(activity.nextAt, now),
      );
    case 'stale':
      return line(
        'warning',
        t.activity.stale(moment(activity.since, now), reason(connection, activity.cause), nextTry(activity.nextAt, now)),
        isShort(activity.nextAt, now),
      );
    case 'offline':
      return line('offline', tone === 'degraded' ? t.activity.offlineWithout : t.activity.offline);
    case 'rate-limited':
      return line('clock', t.activity.rateLimited(connection.providerName, moment(activity.until, now)));
    case 'clock-wrong':
      return line('clock', t.activity.clockWrong(connection.providerName, activity.aheadMs));
    case 'locked':
      return line('lock', t.activity.locked[protection.kind]);
    case 'storage-fault':
      return line('warning', t.activity.storageFault);
  }
}
