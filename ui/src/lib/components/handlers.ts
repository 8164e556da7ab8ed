// What a card may ask of the view. A card never knows who does it.
import type { Impersonate, PromptAnswer } from '../api/backend';
import type { AccountMail, BrowserId, BrowserView, Diagnosis, HistoryEntry } from '../api/bindings';

/** What was typed into a form for passphrases; what it did not ask for is empty. */
export interface Entered {
  /** The whole path of a file. */
  path: string;
  /** The passphrase that there is. */
  present: string;
  /** The one that is chosen. */
  chosen: string;
}

/** Around one sign-in that waits or has ended. */
export interface SignInHandlers {
  /** Gives it up. */
  oncancel: () => unknown;
  /** Answers what it asks. */
  onanswer: (answer: PromptAnswer) => Promise<unknown>;
  /** Opens the browser again; another one where it is named. */
  onopenagain: (browser?: BrowserId) => unknown;
  /** The browsers there are. */
  onbrowsers: () => Promise<BrowserView[]>;
  /** Copies the link. */
  oncopylink: () => unknown;
  /** Starts over with the other way back. */
  ontryotherway: () => unknown;
  /** Starts it over with a code that is typed on another device. */
  onusecode: () => unknown;
  /** Starts over the same way. */
  ontryagain: () => unknown;
  /** Takes away how it ended. */
  ondismiss: () => unknown;
  /** Has something said to a screen reader. */
  onannounce: (text: string) => unknown;
  /** Starts over without the keychain; absent where that makes no sense. */
  onkeepinmemory?: (() => unknown) | undefined;
  /** Leads to choosing a passphrase; absent where that does not help. */
  onprotect?: (() => unknown) | undefined;
}

/** Around one connection. */
export interface ConnectionHandlers {
  oncheck: () => unknown;
  onreconnect: () => unknown;
  /** Asks first; it does not disconnect by itself. */
  ondisconnect: () => unknown;
  onforget: () => unknown;
  /** Opens the provider's own page. */
  onmanage: () => unknown;
  /** Shows the set-up of the provider. */
  onshowsetup: () => unknown;
  /** Has a mail sent to the account's own address. */
  onmail: (mail: AccountMail) => unknown;
  /** Acts in another's name; resolves to what is wrong, or nothing. */
  onimpersonate: (whom: Omit<Impersonate, 'connection'>) => Promise<string | null>;
  /** Gives it a name of the person's own; resolves to what is wrong with it, or nothing. */
  onrename: (alias: string) => Promise<string | null>;
  /** The browsers there are. */
  onbrowsers: () => Promise<BrowserView[]>;
  /** Chooses the browser in which it signs in; `null` for the standard one. */
  onchoosebrowser: (browser: BrowserView | null) => Promise<unknown>;
  /** Reads what happened, newest first. */
  onhistory: () => Promise<HistoryEntry[]>;
  /** Finds out what works. */
  ondiagnose: () => Promise<Diagnosis>;
  /** Copies the last report; resolves to whether it worked. */
  oncopydiagnosis: () => Promise<boolean>;
  /** Signs in again for more. */
  ongrantmore: (further: string[]) => unknown;
}

/** A client that a person brings. */
export interface BroughtClient {
  clientId: string;
  /** Empty where there is none, or where the saved one stays. */
  clientSecret: string;
  /** Which server it is for. */
  variables: Record<string, string>;
}

/** Around one provider. */
export interface ProviderHandlers {
  /** Signs in on the server that the variables name, for these purposes. */
  onsignin: (variables: Record<string, string>, purposes: string[]) => unknown;
  /** Opens or closes the set-up. */
  onsetup: (open: boolean) => unknown;
  /** Saves a client; resolves to what is wrong with it, or nothing. */
  onsaveclient: (client: BroughtClient) => Promise<string | null>;
  /** Copies the redirect URI; resolves to whether it worked. */
  oncopyredirecturi: () => Promise<boolean>;
  onopenregisterpage: () => unknown;
}
