// Finding one of many services.
import type { ProviderView } from './api/bindings';
import { t } from './messages';

/** So many services are shown without a search. */
export const FEW = 12;

/** Whether a sign-in there can begin at all. */
export function isAvailable({ availability }: ProviderView): boolean {
  return availability.reason === null;
}

/** How far a service is from its first sign-in: what is under way first, what cannot be reached last. */
function distance(provider: ProviderView): number {
  if (provider.signIn) return 0;
  if (!isAvailable(provider)) return 3;
  return provider.needs.length === 0 || provider.clientId.kind === 'settings' ? 1 : 2;
}

/** The services in the order in which they are shown; among equals as the catalogue has them. */
export function ordered(providers: readonly ProviderView[]): ProviderView[] {
  return providers.length > FEW ? providers.toSorted((a, b) => distance(a) - distance(b)) : [...providers];
}

/** The services whose name, purpose or kind has every word of `wanted`. */
export function found(providers: readonly ProviderView[], wanted: string): ProviderView[] {
  const words = wanted.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return providers.filter(({ id, name, summary, category }) => {
    const text = `${id} ${name} ${summary} ${t.category[category]}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}
