// The door inside the app. The only file that imports Tauri packages, held by an ESLint rule.
import { Channel, invoke, isTauri } from '@tauri-apps/api/core';

import type { Backend, Event } from './backend';
import type { Operation } from './bindings';

/** Whether this page runs inside the app. */
export function insideTauri(): boolean {
  return isTauri();
}

function call<Answer>(operation: Operation, request: Record<string, unknown> = {}): Promise<Answer> {
  return invoke<Answer>(operation, request);
}

/** The longest that a first picture is waited for, in milliseconds: a window that nobody sees paints none. */
const UNSEEN_MS = 250;

/** Once the frame of the window is painted. What fills it may take its time then: a thousand cards do. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, UNSEEN_MS);
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}

/** Every operation as a Tauri command of the same name. */
export function tauriBackend(): Backend {
  return {
    overview: () => call('overview'),
    watch: (listener) => painted().then(() => call('watch', { channel: new Channel<Event>(listener) })),
    beginSignIn: (request) => call('begin_sign_in', { ...request }),
    reconnect: (request) => call('reconnect', { ...request }),
    answerPrompt: (request) => call('answer_prompt', request),
    cancelSignIn: (request) => call('cancel_sign_in', request),
    browsers: () => call('browsers'),
    chooseBrowser: (request) => call('choose_browser', request),
    rename: (request) => call('rename', request),
    openSignInPage: (request) => call('open_sign_in_page', request),
    copySignInLink: (request) => call('copy_sign_in_link', request),
    diagnose: (request) => call('diagnose', request),
    copyDiagnosis: (request) => call('copy_diagnosis', request),
    check: (request) => call('check', request),
    requestMail: (request) => call('request_mail', request),
    impersonate: (request) => call('impersonate', { ...request }),
    disconnect: (request) => call('disconnect', request),
    forget: (request) => call('forget', request),
    saveClient: (request) => call('save_client', { ...request }),
    copyRedirectUri: (request) => call('copy_redirect_uri', request),
    openRegisterPage: (request) => call('open_register_page', request),
    openManagePage: (request) => call('open_manage_page', request),
    history: (request) => call('history', request),
    protectWithPassphrase: (request) => call('protect_with_passphrase', request),
    changePassphrase: (request) => call('change_passphrase', request),
    unlock: (request) => call('unlock', request),
    useKeyFile: (request) => call('use_key_file', request),
    useKeychain: () => call('use_keychain'),
    rotateKey: () => call('rotate_key'),
    exportBackup: (request) => call('export_backup', { ...request }),
    importBackup: (request) => call('import_backup', { ...request }),
  };
}
