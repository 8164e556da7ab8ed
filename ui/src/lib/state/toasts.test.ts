// Which messages go by themselves, and which wait for the person.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { farewellToast } from './changes';
import { LINGER_MS, Toasts } from './toasts.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a message', () => {
  it('goes by itself when it asks nothing', () => {
    const toasts = new Toasts();
    toasts.push({ tone: 'good', title: 'Done' });
    vi.advanceTimersByTime(LINGER_MS);
    expect(toasts.items).toEqual([]);
  });

  it('stays when something went wrong or is left to do', () => {
    const toasts = new Toasts();
    toasts.push({ tone: 'problem', title: 'No' });
    toasts.push({ tone: 'plain', title: 'Look', address: 'https://example.test' });
    vi.advanceTimersByTime(10 * LINGER_MS);
    expect(toasts.items).toHaveLength(2);
    toasts.dismiss(toasts.items[0]?.id ?? 0);
    expect(toasts.items).toHaveLength(1);
  });

  it('stays while it is read', () => {
    const toasts = new Toasts();
    toasts.push({ tone: 'good', title: 'Done' });
    const [toast] = toasts.items;
    if (!toast) throw new Error('no message');
    toasts.pause(toast.id);
    vi.advanceTimersByTime(10 * LINGER_MS);
    expect(toasts.items).toHaveLength(1);
    toasts.resume(toast);
    vi.advanceTimersByTime(LINGER_MS);
    expect(toasts.items).toEqual([]);
  });

  it('is not shown twice', () => {
    const toasts = new Toasts();
    toasts.push({ tone: 'problem', title: 'No' });
    toasts.push({ tone: 'problem', title: 'No' });
    expect(toasts.items).toHaveLength(1);
  });
});

describe('a farewell', () => {
  const farewell = { providerName: 'Spotify', accountName: 'Ada', manageUrl: 'https://example.test/apps' };

  it.each([
    ['confirmed', 'good', undefined, 'confirmed'],
    ['nothing-left', 'good', undefined, 'no access left'],
    ['not-offered', 'warning', farewell.manageUrl, 'own page'],
    ['unconfirmed', 'warning', farewell.manageUrl, 'did not confirm'],
  ] as const)('%s', (revocation, tone, address, words) => {
    const toast = farewellToast({ ...farewell, revocation });
    expect(toast).toMatchObject({ tone, title: 'Ada disconnected from Spotify' });
    expect(toast.address).toBe(address);
    expect(toast.text).toContain(words);
  });

  it('points nowhere when there is no page', () => {
    const toast = farewellToast({ ...farewell, manageUrl: null, revocation: 'unconfirmed' });
    expect(toast.address).toBeUndefined();
    expect(toast.text).toMatch(/in your account there\.$/);
  });
});
