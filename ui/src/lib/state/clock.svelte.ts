// The present, for texts that age. A clock runs only while a visible text reads it and the page is visible,
// so a window that shows nothing of the kind never wakes the computer.
import { createSubscriber } from 'svelte/reactivity';

/** Where the present comes from. The gallery and the tests put a fixed one here. */
export const present = { now: () => Date.now() };

/** A clock that advances by itself once per period. */
export class Clock {
  readonly #subscribe: () => void;

  constructor(period: number) {
    this.#subscribe = createSubscriber((update) => {
      let timer: ReturnType<typeof setInterval> | undefined;
      const run = () => {
        clearInterval(timer);
        if (document.hidden) return;
        timer = setInterval(update, period);
      };
      const wake = () => {
        run();
        // A page that comes back shows the right time at once.
        if (!document.hidden) update();
      };
      run();
      document.addEventListener('visibilitychange', wake);
      return () => {
        clearInterval(timer);
        document.removeEventListener('visibilitychange', wake);
      };
    });
  }

  /** The present. Read in a template it is read again after each period. */
  get now(): number {
    this.#subscribe();
    return present.now();
  }
}

/** For `3 minutes ago`: twice a minute. */
export const slow = new Clock(30_000);

/** For a countdown that a person watches: once a second. */
export const fast = new Clock(1_000);
