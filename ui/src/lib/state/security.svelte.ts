// Where the key is kept, and what a person can do about it. A passphrase passes through and is kept nowhere.
import type { Backend, BackupFile } from '../api/backend';
import type { BackedUp, Imported, Problem } from '../api/bindings';
import { asProblem, PROBLEMS, sentence } from '../errors';
import { t } from '../messages';
import type { Toasts } from './toasts.svelte';

/** What became of each connection of a backup, to be read until it is put away. */
export type BackupReport =
  | { kind: 'exported'; ends: readonly BackedUp[] }
  | { kind: 'imported'; ends: readonly Imported[] };

/** Between the view and the backend, for all that concerns the key. */
export class Security {
  /** Whether a passphrase is being chosen. */
  choosing = $state(false);
  /** What the last export or import did. */
  report = $state.raw<BackupReport | null>(null);

  constructor(
    private readonly backend: Backend,
    private readonly toasts: Toasts,
    private readonly say: (text: string) => void,
  ) {}

  /** Takes the passphrase after a start. */
  unlock(passphrase: string): Promise<Problem | null> {
    return this.#try(() => this.backend.unlock({ passphrase }), () => this.say(t.unlock.done));
  }

  /** Seals under a passphrase. The sign-in that led here is begun again by the person. */
  protect(passphrase: string): Promise<Problem | null> {
    return this.#try(() => this.backend.protectWithPassphrase({ passphrase }), () => {
      this.choosing = false;
      this.#tell(t.protection.protectedNow, t.protection.protectedText);
    });
  }

  change(old: string, chosen: string): Promise<Problem | null> {
    return this.#try(() => this.backend.changePassphrase({ old, new: chosen }), () => this.#tell(t.security.changed));
  }

  /** Goes on with a key file that is there. */
  useKeyFile(path: string): Promise<Problem | null> {
    return this.#try(() => this.backend.useKeyFile({ path, create: false }), () => this.#tell(t.keyFile.done));
  }

  async useKeychain(): Promise<void> {
    this.#complain(await this.#try(() => this.backend.useKeychain(), () => this.#tell(t.security.keychainNow)));
  }

  async replaceKey(): Promise<void> {
    this.#complain(await this.#try(() => this.backend.rotateKey(), () => this.#tell(t.security.replaced)));
  }

  exportBackup(file: BackupFile): Promise<Problem | null> {
    return this.#try(async () => {
      const ends = await this.backend.exportBackup(file);
      this.report = { kind: 'exported', ends };
      this.say(t.backup.exportedAloud(ends.filter(({ end }) => end === 'exported').length, ends.length));
    });
  }

  importBackup(file: BackupFile): Promise<Problem | null> {
    return this.#try(async () => {
      const ends = await this.backend.importBackup(file);
      this.report = { kind: 'imported', ends };
      this.say(t.backup.importedAloud(ends.filter(({ end }) => end !== 'failed').length, ends.length));
    });
  }

  /** Does something; what goes wrong is for the form that asked. */
  async #try(work: () => Promise<unknown>, done: () => void = () => undefined): Promise<Problem | null> {
    try {
      await work();
      done();
      return null;
    } catch (thrown) {
      return asProblem(thrown);
    }
  }

  #tell(title: string, text?: string): void {
    this.toasts.push({ tone: 'good', title, text });
    this.say(text ? `${title}. ${text}` : title);
  }

  /** Where no form asked, a message says it. */
  #complain(problem: Problem | null): void {
    if (!problem) return;
    const { title, tone } = PROBLEMS[problem.code];
    this.toasts.push({ tone, title, text: sentence(problem) });
    this.say(`${title}. ${sentence(problem)}`);
  }
}
