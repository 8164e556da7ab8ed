// A clock that nobody reads, or that nobody can see, does not run.
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { watchClock } from '../testing/watch.svelte';
import { Clock } from './clock.svelte';

const visible = (hidden: boolean) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
  flushSync();
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  visible(false);
  vi.useRealTimers();
});

describe('a clock', () => {
  it('does not run unread', () => {
    expect(new Clock(1_000).now).toBe(Date.now());
    expect(vi.getTimerCount()).toBe(0);
  });

  it('runs while it is read and visible', async () => {
    const watch = watchClock(new Clock(1_000));
    flushSync();
    expect(watch.seen).toHaveLength(1);
    vi.advanceTimersByTime(3_000);
    flushSync();
    expect(watch.seen.length).toBeGreaterThan(1);
    visible(true);
    expect(vi.getTimerCount()).toBe(0);
    visible(false);
    expect(vi.getTimerCount()).toBe(1);
    expect(watch.seen.at(-1)).toBe(Date.now());
    watch.stop();
    await Promise.resolve();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('wakes an idle window no more than twice a minute', () => {
    const watch = watchClock(new Clock(30_000));
    flushSync();
    for (let second = 0; second < 60; second += 1) {
      vi.advanceTimersByTime(1_000);
      flushSync();
    }
    expect(watch.seen.length - 1).toBe(2);
    watch.stop();
  });
});
