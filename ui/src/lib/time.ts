// Times in words. Every function takes the moment it is asked for, so a test needs no fake clock.
import { LANGUAGE } from './messages';
import type { Timestamp } from './api/bindings';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The person's own variety of the language the messages are written in, for the order of day and month. */
export function locale(preferred: readonly string[] = globalThis.navigator?.languages ?? []): string {
  return preferred.find((tag) => tag.split('-')[0] === LANGUAGE) ?? `${LANGUAGE}-GB`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: Timestamp, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(), options)));
  return made.format(at);
}

const sameDay = (a: Timestamp, b: Timestamp) => new Date(a).toDateString() === new Date(b).toDateString();

/** A day: `14 March 2027`. */
export function day(at: Timestamp): string {
  return format(at, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** A moment near today: `18:40`, or `Mon 14 Mar, 18:40` on another day. */
export function moment(at: Timestamp, now: Timestamp): string {
  if (sameDay(at, now)) return format(at, { hour: 'numeric', minute: '2-digit' });
  const year = Math.abs(at - now) > 180 * DAY ? ({ year: 'numeric' } as const) : {};
  return format(at, { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit', ...year });
}

/** A moment in full, for a `title`. */
export function full(at: Timestamp): string {
  return format(at, { dateStyle: 'full', timeStyle: 'medium' });
}

function unit(distance: number): [number, Intl.RelativeTimeFormatUnit] {
  if (distance < MINUTE) return [SECOND, 'second'];
  if (distance < HOUR) return [MINUTE, 'minute'];
  if (distance < DAY) return [HOUR, 'hour'];
  if (distance < 60 * DAY) return [DAY, 'day'];
  return [30 * DAY, 'month'];
}

let relative: Intl.RelativeTimeFormat | undefined;

/** How far away, in the largest unit that fits: `3 minutes ago`, `in 40 seconds`. */
export function distance(at: Timestamp, now: Timestamp): string {
  const [size, name] = unit(Math.abs(at - now));
  relative ??= new Intl.RelativeTimeFormat(locale(), { numeric: 'always' });
  return relative.format(Math.trunc((at - now) / size), name);
}

/** How long ago. Under a minute it is `just now`, so that nothing has to count seconds. */
export function ago(at: Timestamp, now: Timestamp, justNow: string): string {
  return now - at < MINUTE ? justNow : distance(at, now);
}

/** What is left, as a clock shows it: `9:05`. Never below zero. */
export function countdown(until: Timestamp, now: Timestamp): string {
  const seconds = Math.max(0, Math.ceil((until - now) / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The same as `PT9M5S`, for a `datetime` attribute. */
export function isoDuration(until: Timestamp, now: Timestamp): string {
  const seconds = Math.max(0, Math.ceil((until - now) / SECOND));
  return `PT${Math.floor(seconds / 60)}M${seconds % 60}S`;
}

/** Whether a wait is short enough to be counted in seconds. */
export function isShort(until: Timestamp, now: Timestamp): boolean {
  return until - now < MINUTE;
}
