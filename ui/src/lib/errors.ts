// What the window does about each problem code. A code without a row does not compile.
import type { Problem, ProblemCode } from './api/bindings';
import { t } from './messages';

/**
 * How a problem is answered:
 * `toast` says it, `show-setup` opens the set-up of the provider, `keep-in-memory` offers a sign-in for this
 * session, `copy-link` and `reconnect` put that button on the message, `retry` offers the same again,
 * `read-again` asks for the whole state because what is shown is out of date, `mark-field` tells the form.
 */
export type Remedy =
  | 'toast'
  | 'show-setup'
  | 'keep-in-memory'
  | 'copy-link'
  | 'reconnect'
  | 'retry'
  | 'read-again'
  | 'mark-field';

interface Row {
  title: string;
  tone: 'warning' | 'problem';
  remedy: Remedy;
}

export const PROBLEMS: Record<ProblemCode, Row> = {
  'client-id-missing': { title: t.problem['client-id-missing'], tone: 'warning', remedy: 'show-setup' },
  'keychain-unavailable': { title: t.problem['keychain-unavailable'], tone: 'warning', remedy: 'keep-in-memory' },
  'passphrase-needed': { title: t.problem['passphrase-needed'], tone: 'warning', remedy: 'toast' },
  'browser-unavailable': { title: t.problem['browser-unavailable'], tone: 'warning', remedy: 'copy-link' },
  'sign-in-needed': { title: t.problem['sign-in-needed'], tone: 'problem', remedy: 'reconnect' },
  temporary: { title: t.problem.temporary, tone: 'warning', remedy: 'retry' },
  misconfigured: { title: t.problem.misconfigured, tone: 'problem', remedy: 'toast' },
  'not-found': { title: t.problem['not-found'], tone: 'warning', remedy: 'read-again' },
  'invalid-input': { title: t.problem['invalid-input'], tone: 'problem', remedy: 'mark-field' },
  storage: { title: t.problem.storage, tone: 'problem', remedy: 'toast' },
  internal: { title: t.problem.internal, tone: 'problem', remedy: 'toast' },
};

function isProblem(thrown: unknown): thrown is Problem {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    thrown.code in PROBLEMS &&
    'message' in thrown &&
    typeof thrown.message === 'string'
  );
}

/** Whatever was thrown, as a problem: a missing command rejects with a text, a fault of the window with an `Error`. */
export function asProblem(thrown: unknown): Problem {
  if (isProblem(thrown)) return { ...thrown, hint: thrown.hint ?? null };
  const message = thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : t.unknownProblem;
  return { code: 'internal', message, hint: null, connection: null, retryAfterMs: null };
}

/** What happened and what to do, as one text. */
export function sentence(problem: Problem): string {
  return problem.hint ? `${problem.message} ${problem.hint}` : problem.message;
}
