// Every code has an answer, and whatever is thrown becomes a problem that can be said.
import { describe, expect, it } from 'vitest';

import type { Problem } from './api/bindings';
import { asProblem, PROBLEMS, sentence } from './errors';

const problem: Problem = { code: 'temporary', message: 'Busy.', hint: 'Wait.', connection: null, retryAfterMs: 5 };

describe('PROBLEMS', () => {
  it('says something for every code', () => {
    for (const [code, row] of Object.entries(PROBLEMS)) expect(row.title, code).not.toBe('');
  });

  it('answers the codes that the protocol gives to the window', () => {
    expect(PROBLEMS['client-id-missing'].remedy).toBe('show-setup');
    expect(PROBLEMS['keychain-unavailable'].remedy).toBe('keep-in-memory');
    expect(PROBLEMS['browser-unavailable'].remedy).toBe('copy-link');
    expect(PROBLEMS['sign-in-needed'].remedy).toBe('reconnect');
    expect(PROBLEMS['not-found'].remedy).toBe('read-again');
    expect(PROBLEMS['invalid-input'].remedy).toBe('mark-field');
  });
});

describe('asProblem', () => {
  it('takes a problem as it is', () => {
    expect(asProblem(problem)).toEqual(problem);
  });

  it.each([
    ['a text', 'Command check not found', 'Command check not found'],
    ['an error', new TypeError('no'), 'no'],
    ['nothing', undefined, 'The reason is not known.'],
    ['an unknown code', { code: 'novel', message: 'x' }, 'The reason is not known.'],
  ])('makes one of %s', (_, thrown, message) => {
    expect(asProblem(thrown)).toMatchObject({ code: 'internal', message });
  });
});

describe('sentence', () => {
  it('adds what to do', () => {
    expect(sentence(problem)).toBe('Busy. Wait.');
    expect(sentence({ ...problem, hint: null })).toBe('Busy.');
  });
});
