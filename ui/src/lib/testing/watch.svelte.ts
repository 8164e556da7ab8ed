// Reads a clock as a template would, for tests.
import type { Clock } from '../state/clock.svelte';

/** Everything the clock showed, until it is stopped. */
export function watchClock(clock: Clock): { seen: number[]; stop: () => void } {
  const seen: number[] = [];
  const stop = $effect.root(() => {
    $effect(() => {
      seen.push(clock.now);
    });
  });
  return { seen, stop };
}
