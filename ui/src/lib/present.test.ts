// What a card says for each state. The rule behind every line: it is true at that moment.
import { describe, expect, it } from 'vitest';

import type { Activity, FailureKind, Protection, Severity } from './api/bindings';
import { connection, DAY, type HealthParts, HOUR, MINUTE, NOW, SECOND } from './gallery/make';
import { activityLine, curedBySetup, grantLine, healthWord, passphraseHelps, protectionLine, restingLine, SEVERITY_ICON } from './present';

const KEYCHAIN: Protection = { kind: 'keychain' };
const word = (health: HealthParts) => healthWord(connection({}, health).health);
const line = (activity: Activity, severity: Severity = 'healthy', failure?: [FailureKind, string], protection: Protection = KEYCHAIN) =>
  activityLine(
    connection(
      failure
        ? { renewal: { ...connection().renewal, lastFailure: { kind: failure[0], at: NOW, message: failure[1] } } }
        : {},
      { activity, severity },
    ),
    NOW,
    protection,
  );

describe('the badge', () => {
  it('has a sign of its own for every severity', () => {
    expect(new Set(Object.values(SEVERITY_ICON)).size).toBe(5);
  });

  it('says first what the person must do', () => {
    const attention = { kind: 'attention', reason: 'grant-ended', since: NOW, providerText: null } as const;
    expect(word({ grant: attention, activity: { kind: 'offline', nextAt: NOW } })).toBe('Sign in again');
    expect(word({ grant: { kind: 'disconnecting' } })).toBe('Disconnecting');
    expect(word({ grant: { ...attention, reason: 'handed-over' } })).toBe('Handed over');
  });

  it('then what does not work, then what is worth knowing', () => {
    const expiring = { kind: 'expiring', endsAt: NOW + DAY } as const;
    expect(word({ grant: expiring, activity: { kind: 'locked' } })).toBe('Locked');
    expect(word({ grant: expiring })).toBe('Ends soon');
  });

  it('stays calm while renewing or trying again with access that lives', () => {
    expect(word({ activity: { kind: 'refreshing' } })).toBe('Healthy');
    expect(word({ activity: { kind: 'retrying', cause: 'network', nextAt: NOW } })).toBe('Healthy');
  });
});

describe('the sentence', () => {
  const grant = connection().grant;
  const renewal = connection().renewal;

  it('says until when', () => {
    expect(grantLine(connection(), NOW)).toMatch(/^Renews itself; sign-in lasts until .*2027/);
    expect(grantLine(connection({ grant: { ...grant, endsAt: null } }), NOW)).toBe(
      'Renews itself; lasts until you disconnect',
    );
  });

  it('does not claim to renew while renewing fails', () => {
    const stale = { kind: 'stale', cause: 'provider', since: NOW, nextAt: NOW } as const;
    expect(grantLine(connection({}, { activity: stale }), NOW)).not.toContain('Renews');
  });

  it('does not claim to renew what cannot be renewed', () => {
    const ends = { ...renewal, renewable: false, accessExpiresAt: NOW + 5 * HOUR };
    expect(grantLine(connection({ renewal: ends }), NOW)).toMatch(/^Cannot renew itself; ends .* \(in 5 hours\)$/);
    const never = { ...renewal, renewable: false, accessExpiresAt: null };
    expect(grantLine(connection({ renewal: never, grant: { ...grant, endsAt: null } }), NOW)).toBe(
      'Sign-in lasts until you disconnect',
    );
    const over = { ...renewal, renewable: false, accessExpiresAt: NOW - 2 * MINUTE };
    expect(grantLine(connection({ renewal: over }), NOW)).toBe('Access ended 2 minutes ago');
  });

  it('counts the days of a grant that ends', () => {
    const ending = connection({}, { grant: { kind: 'expiring', endsAt: NOW + 6 * DAY }, severity: 'notice' });
    expect(grantLine(ending, NOW)).toContain('in 6 days');
  });
});

describe('the activity', () => {
  it('says nothing when there is nothing to say', () => {
    expect(line({ kind: 'idle', nextRenewalAt: null })).toBeNull();
  });

  it('gives the reason in the words of the engine, and when it tries again', () => {
    const retrying = line({ kind: 'retrying', cause: 'provider', nextAt: NOW + 40 * SECOND }, 'healthy', [
      'provider',
      'Spotify answered 503.',
    ]);
    expect(retrying?.text).toBe('Spotify answered 503. Trying again in 40 seconds; access works meanwhile.');
    expect(retrying?.counting).toBe(true);
  });

  it('has words of its own where the engine gave none', () => {
    expect(line({ kind: 'retrying', cause: 'network', nextAt: NOW + 5 * MINUTE })).toMatchObject({
      text: 'Spotify could not be reached. Trying again in 5 minutes; access works meanwhile.',
      counting: false,
    });
  });

  it('does not tell an old reason of another kind', () => {
    const text = line({ kind: 'retrying', cause: 'network', nextAt: NOW }, 'healthy', ['storage', 'Disk full.'])?.text;
    expect(text).toContain('could not be reached');
    expect(text).toContain('Trying again now');
  });

  it('says that a lost network is no lost sign-in', () => {
    expect(line({ kind: 'offline', nextAt: NOW }, 'notice')?.text).toBe('Waiting for the network. Your sign-in is kept.');
    expect(line({ kind: 'offline', nextAt: NOW }, 'degraded')?.text).toContain('access has run out');
  });

  it.each<[Activity, string]>([
    [{ kind: 'refreshing' }, 'Checking'],
    [{ kind: 'rate-limited', until: NOW + HOUR }, 'Spotify asks us to wait until'],
    [{ kind: 'locked' }, 'keychain is locked'],
    [{ kind: 'clock-wrong', aheadMs: -420_000 }, '7 minutes behind'],
    [{ kind: 'storage-fault' }, 'cannot write'],
    [{ kind: 'stale', cause: 'unknown', since: NOW, nextAt: NOW }, 'Cannot renew since'],
  ])('%o', (activity, words) => {
    expect(line(activity, 'degraded')?.text).toContain(words);
  });
});

describe('where it rests', () => {
  it('claims no place for a sign-in that is gone', () => {
    for (const reason of ['unreadable', 'memory-only'] as const) {
      const grant = { kind: 'attention', reason, since: NOW, providerText: null } as const;
      expect(restingLine(connection({}, { grant }), KEYCHAIN)).toBeNull();
    }
    expect(restingLine(connection({ resting: 'sealed' }), KEYCHAIN)).toContain('waiting for the keychain');
  });
});

describe('where the key is', () => {
  const PASSPHRASE = { kind: 'passphrase' } as const;
  const FILE = { kind: 'key-file', path: '/a/key' } as const;

  it('decides what a locked connection waits for', () => {
    expect(line({ kind: 'locked' }, 'degraded', undefined, PASSPHRASE)?.text).toContain('your passphrase');
    expect(line({ kind: 'locked' }, 'degraded', undefined, FILE)?.text).toContain('the key file');
  });

  it('never has the keychain blamed for what the person chose', () => {
    for (const sealed of ['by-choice', 'keychain-refused', 'on-its-way'] as const) {
      for (const protection of [PASSPHRASE, FILE]) {
        expect(restingLine(connection({ resting: 'sealed', sealed }), protection)).not.toContain('keychain');
      }
    }
  });

  it('is said in one sentence, with the path of a file', () => {
    expect(protectionLine(KEYCHAIN, 'open')).toContain('kept in the keychain');
    expect(protectionLine(KEYCHAIN, 'absent')).toContain('no keychain');
    expect(protectionLine(PASSPHRASE, 'open')).toContain('each time Latchkey starts');
    expect(protectionLine(PASSPHRASE, 'passphrase-needed')).toContain('has not been entered');
    expect(protectionLine(FILE, 'open')).toContain('/a/key');
    expect(protectionLine(FILE, 'key-file-unusable')).toContain('cannot be used');
  });

  it('can be moved under a passphrase only where the keychain is no way', () => {
    expect(passphraseHelps(KEYCHAIN, 'absent')).toBe(true);
    expect(passphraseHelps(KEYCHAIN, 'locked')).toBe(false);
    expect(passphraseHelps(KEYCHAIN, 'slow')).toBe(false);
    expect(passphraseHelps(FILE, 'key-file-unusable')).toBe(false);
  });
});

describe('the cure', () => {
  it('is in the set-up only for a client id', () => {
    const fault = (fault: 'client-refused' | 'tokens-refused') =>
      curedBySetup(connection({}, { grant: { kind: 'misconfigured', fault, since: NOW, providerText: null } }));
    expect(fault('client-refused')).toBe(true);
    expect(fault('tokens-refused')).toBe(false);
  });
});
