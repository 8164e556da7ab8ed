// The texts of what a sign-in asks in the window, and of what an account of one's own server can do.
export const prompts = {
  prompt: {
    whichServer: 'Which server?',
    server: 'Server',
    collection: 'Collection',
    collectionAdvice: 'Leave it as it is unless the app’s developer told you another one.',
    keep: 'Keep me signed in',
    keepAdvice: 'Without it the sign-in stays in memory and ends when Latchkey closes. A superuser’s is never kept.',
    signInTo: (server: string) => `Sign in to ${server}`,
    chooseMethod: (server: string) => `How do you sign in to ${server}?`,
    method: { password: 'With a password', 'one-time-code': 'With a code by mail' },
    upstream: (name: string) => `With ${name}, in the browser`,
    otherServer: 'Another server',
    secondMethod: 'One more step',
    secondText: 'This account asks for a second way to sign in.',
    identity: (fields: string[]) => {
      const names = fields.map((field) => (field === 'email' ? 'email' : field === 'username' ? 'username' : field));
      const text = new Intl.ListFormat('en', { type: 'disjunction' }).format(names.length > 0 ? names : ['identity']);
      return text.charAt(0).toUpperCase() + text.slice(1);
    },
    password: 'Password',
    forgotten: 'Forgotten?',
    resetSent: (email: string) => `If anybody has the address ${email} there, a mail for choosing another password is on its way.`,
    email: 'Email',
    addressText: 'The server mails you a code that counts for a few minutes.',
    code: 'Code',
    enterCode: 'Enter the code',
    codeSent: (email: string) => `If anybody has the address ${email} there, the code is on its way to it.`,
    codeCounts: 'It counts for',
    sendAgain: 'Send another',
    replaces: 'If the server has not verified your address yet, signing in with a code verifies it and replaces your password by a random one. You then choose a new one there.',
    enterCodeThere: 'Enter this code there',
    enterCodeText: 'Open the page on this computer or on another one, and type the code. This card goes on by itself.',
    openPage: 'Open the page',
    picture: 'The address of the page as a picture for a phone’s camera',
    wait: 'The server takes the next answer in',
    back: 'Back',
    submit: {
      'enter-server': 'Continue',
      'enter-password': 'Sign in',
      'enter-address': 'Send the code',
      'enter-one-time-code': 'Sign in',
    },
  },

  impersonation: {
    banner: (name: string, by: string) => `${by} acts in the name of ${name} here.`,
    until: (moment: string) => ` It ends ${moment} and cannot be prolonged.`,
    server: 'Server:',
    verification: 'Verify my address',
    reset: 'Choose another password',
    mailed: {
      verification: (name: string) => `A mail for verifying the address of ${name} is on its way`,
      reset: (name: string) => `A mail for choosing another password is on its way to ${name}`,
    },
    title: 'Act in the name of another account',
    record: 'Id of the account',
    act: (minutes: number) => `Act for ${minutes} minutes`,
  },
};
