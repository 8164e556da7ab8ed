// What a change means, in words: for the screen reader, and for the message that says goodbye.
import type { Farewell, Revocation } from '../api/bindings';
import { t } from '../messages';
import { called, healthWord, stageTitle } from '../present';
import type { Change } from './connections.svelte';
import type { ToastContent, Tone } from './toasts.svelte';

/** A change in one sentence. */
export function describe(change: Change): string {
  switch (change.kind) {
    case 'connected':
      return t.arrival.connected(change.connection.providerName, called(change.connection));
    case 'reconnected':
      return t.arrival.reconnected(change.connection.providerName, called(change.connection));
    case 'health': {
      const { providerName, health } = change.connection;
      return t.health.aloud(providerName, called(change.connection), healthWord(health));
    }
    case 'sign-in':
      return stageTitle(change.stage, change.providerName);
    case 'removed': {
      const { title, text } = farewellToast(change.farewell);
      return `${title}. ${text ?? ''}`;
    }
  }
}

const FAREWELL_TONE: Record<Revocation, Tone> = {
  confirmed: 'good',
  'not-offered': 'warning',
  unconfirmed: 'warning',
  'nothing-left': 'good',
};

/** What is left to say when a connection is gone. The page's address is shown: no connection is left to open it by. */
export function farewellToast({ providerName, accountName, revocation, manageUrl }: Farewell): ToastContent {
  const open = revocation === 'not-offered' || revocation === 'unconfirmed';
  const words = open && manageUrl === null ? t.farewell[`${revocation}-nowhere`] : t.farewell[revocation];
  return {
    tone: FAREWELL_TONE[revocation],
    title: t.farewell.title(providerName, accountName),
    text: words(providerName),
    address: open && manageUrl !== null ? manageUrl : undefined,
  };
}
