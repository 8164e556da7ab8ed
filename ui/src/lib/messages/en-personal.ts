// What is read around a person's own choices for a connection: what it is called, and where it signs in.
export const personal = {
  rename: 'Rename',
  renameNamed: (provider: string, account: string) => `Rename ${provider}, ${account}`,
  alias: 'Your own name for this connection',
  aliasAdvice: 'At most 40 characters, such as “work”. Leave it empty to go without.',
  save: 'Save',
  cancel: 'Cancel',
  renamed: (account: string, alias: string) => `${account} is called ${alias} from here on`,
  unnamed: (account: string) => `${account} goes without a name of your own`,
  browser: 'Sign in with',
  standard: 'Standard browser',
  gone: (id: string) => `${id} (not installed)`,
  goneText: 'This browser is not installed, so sign-ins open in the standard one.',
  chosen: (browser: string) => `Sign-ins open in ${browser}`,
  openIn: 'Open again in …',
  openInNamed: (browser: string) => `Open again in ${browser}`,
  missing: 'The browser that you chose for this connection is not installed, so this opened in the standard one.',
};
