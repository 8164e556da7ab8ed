// Messages that pass by: the outcome of something the person did, with at most one thing to do about it.

/** How a message is meant. */
export type Tone = 'good' | 'plain' | 'warning' | 'problem';

/** One thing to do about a message. */
export interface ToastAction {
  label: string;
  /** Names the button for tests: `data-action`. */
  name: string;
  run: () => unknown;
}

/** What a message says. */
export interface ToastContent {
  tone: Tone;
  title: string;
  text?: string | undefined;
  /** An address to copy by hand, where Latchkey has nothing left to open it with. */
  address?: string | undefined;
  action?: ToastAction | undefined;
}

/** A message on the screen. */
export interface Toast extends ToastContent {
  id: number;
}

/** How long a message stays that asks nothing of the person. */
export const LINGER_MS = 8_000;

/** The messages on the screen, oldest first. */
export class Toasts {
  items = $state.raw<readonly Toast[]>([]);

  #next = 1;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Shows a message. What went wrong, or gives something to do, stays until it is dismissed. */
  push(content: ToastContent): void {
    const same = this.items.find(({ title, text }) => title === content.title && text === content.text);
    if (same) this.dismiss(same.id);
    const toast = { ...content, id: this.#next++ };
    this.items = [...this.items, toast].slice(-4);
    this.resume(toast);
  }

  /** Takes a message away. */
  dismiss(id: number): void {
    this.pause(id);
    this.items = this.items.filter((toast) => toast.id !== id);
  }

  /** Keeps a message while the person reads it. */
  pause(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Lets a message go by itself again. */
  resume(toast: Toast): void {
    if (toast.tone === 'problem' || toast.tone === 'warning' || toast.action || toast.address) return;
    this.pause(toast.id);
    this.#timers.set(toast.id, setTimeout(() => this.dismiss(toast.id), LINGER_MS));
  }
}
