// The texts around a disconnect; part of `en.ts`.
export const disconnecting = {
  title: (name: string) => `Removing access at ${name}…`,
  text: 'Latchkey keeps trying until the service confirms, also after a restart.',
  forget: 'Forget without waiting',
  forgetText: (name: string) => `This erases the sign-in here at once. Access may then still stand at ${name}.`,
};

export const disconnectDialog = {
  title: (provider: string, account: string) => `Disconnect ${account} from ${provider}?`,
  text: (name: string) =>
    `Latchkey asks ${name} to remove access, then erases the sign-in, the profile and the picture from this computer.`,
  afterwards: 'Programs that use this connection stop working. You can sign in again at any time.',
  confirm: 'Disconnect',
  cancel: 'Keep it',
};

export const farewell = {
  title: (provider: string, account: string) => `${account} disconnected from ${provider}`,
  confirmed: (name: string) => `${name} confirmed that access is removed.`,
  'not-offered': (name: string) =>
    `Everything here is erased. ${name} has no way for a program to remove access; you can do it on its own page:`,
  'not-offered-nowhere': (name: string) =>
    `Everything here is erased. ${name} has no way for a program to remove access; look for connected apps in your account there.`,
  unconfirmed: (name: string) => `Everything here is erased, but ${name} did not confirm. To be sure, remove access on its own page:`,
  'unconfirmed-nowhere': (name: string) =>
    `Everything here is erased, but ${name} did not confirm. To be sure, look for connected apps in your account there.`,
  'nothing-left': () => 'Everything here is erased. There was no access left to remove.',
};
