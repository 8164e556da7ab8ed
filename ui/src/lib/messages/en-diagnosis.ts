// The texts of a diagnosis, and of what a person allows; part of `en.ts`.
import type { StepKind, StepOutcome } from '../api/bindings';

export const diagnosis = {
  title: 'Diagnosis',
  diagnose: 'Diagnose',
  diagnoseNamed: (provider: string, account: string) => `Diagnose ${provider}, ${account}`,
  done: (provider: string, account: string, failed: number) =>
    `${provider}, ${account}: ${failed === 0 ? 'nothing wrong was found' : failed === 1 ? 'one step failed' : `${failed} steps failed`}`,
  failed: 'No diagnosis could be made.',
  copy: 'Copy report',
  copied: 'Copied',
  copyNamed: (provider: string, account: string) => `Copy report about ${provider}, ${account}`,
  took: (milliseconds: number) => `(${milliseconds} ms)`,
  step: { renewal: 'Renewal', identity: 'Identity', sample: 'Sample call' } satisfies Record<StepKind, string>,
  outcome: { passed: 'works', skipped: 'not needed', waiting: 'has to wait', failed: 'failed' } satisfies Record<
    StepOutcome,
    string
  >,
  access: 'Access left',
  minutes: (minutes: number) => (minutes === 1 ? 'one minute' : `${minutes} minutes`),
  grantEnds: 'Sign-in ends',
  missing: 'Not allowed',
  callsLeft: 'Calls left',
  calls: (remaining: number, limit: number | null) => (limit === null ? `${remaining}` : `${remaining} of ${limit}`),
  failures: 'Failures in a row',
  played: (count: number) => (count === 1 ? 'One recent play' : `${count} recent plays, latest`),
  application: 'Application',
};

export const purposes = {
  allow: (name: string) => `Let Latchkey do this at ${name}`,
  choose: 'Choose what to allow',
  further: (name: string) => `Not allowed at ${name} so far`,
  grantMore: 'Allow these too',
  grantMoreNamed: (provider: string, account: string) => `Allow these too at ${provider}, ${account}`,
};
