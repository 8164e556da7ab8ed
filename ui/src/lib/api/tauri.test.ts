// Each method asks for the command of its own name, with the arguments as they are.
import { Channel, invoke } from '@tauri-apps/api/core';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Backend } from './backend';
import { tauriBackend } from './tauri';

vi.mock('@tauri-apps/api/core', () => ({
  invoke: vi.fn(() => Promise.resolve()),
  isTauri: () => true,
  Channel: class {
    constructor(readonly onmessage: unknown) {}
  },
}));

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const request = { some: 'request' };

beforeEach(() => vi.mocked(invoke).mockClear());

describe('the door inside the app', () => {
  const methods = Object.keys(tauriBackend()) as (keyof Backend)[];
  const bare = ['overview', 'browsers', 'useKeychain', 'rotateKey'] as const satisfies readonly (keyof Backend)[];
  const plain = methods.filter((name) => name !== 'watch' && !bare.some((other) => other === name));

  it('has every operation', () => {
    expect(methods).toHaveLength(31);
  });

  it.each(plain)('%s', async (name) => {
    await (tauriBackend()[name] as (request: unknown) => Promise<unknown>)(request);
    expect(invoke).toHaveBeenCalledWith(snake(name), request);
  });

  it.each(bare)('%s, which takes nothing', async (name) => {
    await tauriBackend()[name]();
    expect(invoke).toHaveBeenCalledWith(snake(name), {});
  });

  it('watch hands a channel over', async () => {
    const listener = () => undefined;
    await tauriBackend().watch(listener);
    const [, given] = vi.mocked(invoke).mock.calls[0] ?? [];
    expect(given).toMatchObject({ channel: { onmessage: listener } });
    expect((given as { channel: unknown }).channel).toBeInstanceOf(Channel);
  });
});
