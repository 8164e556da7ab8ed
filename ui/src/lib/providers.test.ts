// Finding one of many services.
import { describe, expect, it } from 'vitest';

import { discord, provider, spotify } from './gallery/make';
import { FEW, found, ordered } from './providers';

const many = Array.from({ length: FEW }, (_, index) => discord({ id: `d-${index}`, name: `Service ${index}` }));
const closed = provider({ id: 'closed', availability: { status: 'closed', reason: 'It is closed.' } });

describe('finding a service', () => {
  it('goes by name, purpose and kind, whatever the case and the order of the words', () => {
    const all = [spotify(), discord(), provider()];
    expect(found(all, ' SPOTIFY ').map(({ id }) => id)).toEqual(['spotify']);
    expect(found(all, 'library listening').map(({ id }) => id)).toEqual(['spotify']);
    expect(found(all, 'music').map(({ id }) => id)).toEqual(['spotify']);
    expect(found(all, 'nothing')).toEqual([]);
    expect(found(all, '')).toEqual(all);
  });

  it('puts what is ready first and what cannot be reached last', () => {
    const names = ordered([closed, spotify(), ...many]).map(({ id }) => id);
    expect(names[0]).toBe('d-0');
    expect(names.slice(-2)).toEqual(['spotify', 'closed']);
  });

  it('shows what is in hand whatever is searched for, and where there are accounts early', () => {
    const open = new Set(['closed']);
    expect(found([closed, ...many], 'nothing at all', open)).toEqual([closed]);
    const names = ordered([...many, spotify(), closed], open, new Set(['spotify'])).map(({ id }) => id);
    expect(names.slice(0, 3)).toEqual(['closed', 'spotify', 'd-0']);
  });

  it('leaves a few as they are', () => {
    expect(ordered([closed, spotify()]).map(({ id }) => id)).toEqual(['closed', 'spotify']);
  });
});
