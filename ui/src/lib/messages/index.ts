// The language of the window. A second one is a second file of the type `Messages` and a choice made here.
import { en } from './en';

export type Messages = typeof en;

/** The language the messages are written in, for `Intl`. */
export const LANGUAGE = 'en';

/** The messages in use. */
export const t: Messages = en;
