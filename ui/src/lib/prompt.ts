// What a prompt looks like: its fields, what they are called, and what an answer is made of. Pure, so that the form
// only draws.
import type { PromptAnswer } from './api/backend';
import type { Keep, Prompt, PromptField } from './api/bindings';
import { t } from './messages';

/** A prompt that is a form. */
export type FormPrompt = Extract<
  Prompt,
  { kind: 'enter-server' | 'enter-password' | 'enter-address' | 'enter-one-time-code' }
>;

/** One field of it. */
export interface Field {
  name: PromptField;
  label: string;
  type: 'text' | 'password' | 'email';
  autocomplete: 'url' | 'off' | 'username' | 'current-password' | 'email' | 'one-time-code';
  inputmode?: 'url' | 'numeric' | 'email';
  placeholder?: string;
  advice?: string;
  /** What is in it at first. */
  value: string;
}

/** The fields, in the order in which they are filled in. */
export function fieldsOf(prompt: FormPrompt): Field[] {
  switch (prompt.kind) {
    case 'enter-server':
      return [
        {
          name: 'server', label: t.prompt.server, type: 'text', autocomplete: 'url', inputmode: 'url',
          placeholder: 'https://example.com', value: prompt.server,
        },
        {
          name: 'collection', label: t.prompt.collection, type: 'text', autocomplete: 'off',
          advice: t.prompt.collectionAdvice, value: prompt.collection,
        },
      ];
    case 'enter-password':
      return [
        {
          name: 'identity', label: t.prompt.identity(prompt.identityFields), type: 'text', autocomplete: 'username',
          value: prompt.identity ?? '',
        },
        {
          name: 'password', label: t.prompt.password, type: 'password', autocomplete: 'current-password', value: '',
        },
      ];
    case 'enter-address':
      return [
        {
          name: 'email', label: t.prompt.email, type: 'email', autocomplete: 'email', inputmode: 'email',
          value: prompt.email ?? '',
        },
      ];
    case 'enter-one-time-code':
      return [
        {
          name: 'code', label: t.prompt.code, type: 'text', autocomplete: 'one-time-code', inputmode: 'numeric', value: '',
        },
      ];
  }
}

/** What the form says, as the engine takes it. */
export function answerTo(prompt: FormPrompt, typed: Record<string, string>, keep: Keep): PromptAnswer {
  const said = (name: PromptField) => typed[name] ?? '';
  switch (prompt.kind) {
    case 'enter-server':
      return { kind: 'server', server: said('server'), collection: said('collection'), keep };
    case 'enter-password':
      return { kind: 'password', identity: said('identity'), password: said('password') };
    case 'enter-address':
      return { kind: 'address', email: said('email') };
    case 'enter-one-time-code':
      return { kind: 'one-time-code', code: said('code') };
  }
}

/** What is asked, in a few words. */
export function promptTitle(prompt: Prompt): string {
  switch (prompt.kind) {
    case 'enter-server':
      return t.prompt.whichServer;
    case 'choose-method':
      return prompt.second ? t.prompt.secondMethod : t.prompt.chooseMethod(prompt.server);
    case 'enter-password':
    case 'enter-address':
      return prompt.second ? t.prompt.secondMethod : t.prompt.signInTo(prompt.server);
    case 'enter-one-time-code':
      return t.prompt.enterCode;
    case 'enter-code':
      return t.prompt.enterCodeThere;
  }
}

/** What there is to know before answering; nothing where the question says it all. */
export function promptText(prompt: Prompt): string | null {
  switch (prompt.kind) {
    case 'enter-server':
      return null;
    case 'choose-method':
      return prompt.second ? t.prompt.secondText : null;
    case 'enter-password':
      if (prompt.mailSentTo !== null) return t.prompt.resetSent(prompt.mailSentTo);
      return prompt.second ? t.prompt.secondText : null;
    case 'enter-address':
      return prompt.second ? t.prompt.secondText : t.prompt.addressText;
    case 'enter-one-time-code':
      return t.prompt.codeSent(prompt.sentTo);
    case 'enter-code':
      return t.prompt.enterCodeText;
  }
}
