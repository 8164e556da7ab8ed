// Finding one of many services.
import type { ProviderId, ProviderView } from './api/bindings';
import { t } from './messages';

/** So many services are shown without a search. */
export const FEW = 6;

/** Whether a sign-in there can begin at all. */
export function isAvailable({ availability }: ProviderView): boolean {
  return availability.reason === null;
}

/** What is in somebody's hands at this moment, and is shown whatever is searched for. */
export function isInHand(provider: ProviderView, open: ReadonlySet<ProviderId>): boolean {
  return provider.signIn !== null || open.has(provider.id);
}

/** How far a service is from its next sign-in: what is in hand first, what cannot be reached last. */
function distance(provider: ProviderView, open: ReadonlySet<ProviderId>, used: ReadonlySet<ProviderId>): number {
  if (isInHand(provider, open)) return 0;
  if (!isAvailable(provider)) return 4;
  if (used.has(provider.id)) return 1;
  return provider.needs.length === 0 ? 2 : 3;
}

const NONE: ReadonlySet<ProviderId> = new Set();

/** The services in the order in which they are shown; among equals as the catalogue has them. A few stay as they are. */
export function ordered(providers: readonly ProviderView[], open = NONE, used = NONE): ProviderView[] {
  if (providers.length <= FEW) return [...providers];
  return providers.toSorted((a, b) => distance(a, open, used) - distance(b, open, used));
}

/** The services whose name, purpose or kind has every word of `wanted`, and those that are in hand. */
export function found(providers: readonly ProviderView[], wanted: string, open = NONE): ProviderView[] {
  const words = wanted.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return providers.filter((provider) => {
    const { id, name, summary, category } = provider;
    const text = `${id} ${name} ${summary} ${t.category[category]}`.toLocaleLowerCase();
    return isInHand(provider, open) || words.every((word) => text.includes(word));
  });
}
