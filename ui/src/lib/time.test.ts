// Times in words, at a moment that stands still.
import { describe, expect, it } from 'vitest';

import { ago, countdown, day, distance, isoDuration, isShort, locale, moment } from './time';

const NOW = new Date(2026, 8, 21, 18, 21, 7).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const plain = (text: string) => text.replace(/\s/g, ' ');

describe('distance', () => {
  it.each([
    [40_000, 'in 40 seconds'],
    [4 * MINUTE, 'in 4 minutes'],
    [MINUTE, 'in 1 minute'],
    [5 * HOUR, 'in 5 hours'],
    [6 * DAY, 'in 6 days'],
    [-3 * MINUTE, '3 minutes ago'],
    [-26 * HOUR, '1 day ago'],
    [-90 * DAY, '3 months ago'],
  ])('%d ms is %s', (offset, words) => {
    expect(distance(NOW + offset, NOW)).toBe(words);
  });

  it('never promises more time than there is', () => {
    expect(distance(NOW + 2 * MINUTE - 1, NOW)).toBe('in 1 minute');
  });
});

describe('ago', () => {
  it('does not count seconds', () => {
    expect(ago(NOW - 59_000, NOW, 'just now')).toBe('just now');
    expect(ago(NOW - MINUTE, NOW, 'just now')).toBe('1 minute ago');
  });

  it('takes a clock that went back as just now', () => {
    expect(ago(NOW + HOUR, NOW, 'just now')).toBe('just now');
  });
});

describe('countdown', () => {
  it.each([
    [9 * MINUTE + 5_000, '9:05', 'PT9M5S'],
    [59_001, '1:00', 'PT1M0S'],
    [1, '0:01', 'PT0M1S'],
    [0, '0:00', 'PT0M0S'],
    [-5_000, '0:00', 'PT0M0S'],
  ])('%d ms', (left, words, iso) => {
    expect(countdown(NOW + left, NOW)).toBe(words);
    expect(isoDuration(NOW + left, NOW)).toBe(iso);
  });
});

describe('points in time', () => {
  it('names the hour today and the day otherwise', () => {
    expect(plain(moment(NOW + 19 * MINUTE, NOW))).toMatch(/^(18:40|6:40 PM)$/);
    expect(moment(NOW - 2 * DAY, NOW)).toContain('Sat');
    expect(moment(NOW - 2 * DAY, NOW)).not.toContain('2026');
    expect(moment(NOW - 300 * DAY, NOW)).toContain('2025');
  });

  it('writes a day in full', () => {
    expect(day(new Date(2027, 2, 14).getTime())).toMatch(/^(14 March 2027|March 14, 2027)$/);
  });

  it('knows which waits are counted in seconds', () => {
    expect(isShort(NOW + 59_999, NOW)).toBe(true);
    expect(isShort(NOW + MINUTE, NOW)).toBe(false);
  });
});

describe('locale', () => {
  it('keeps the variety of the language, and never mixes languages', () => {
    expect(locale(['de-DE', 'en-US'])).toBe('en-US');
    expect(locale(['de-DE'])).toBe('en-GB');
    expect(locale([])).toBe('en-GB');
  });
});
