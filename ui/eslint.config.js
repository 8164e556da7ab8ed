// The rules of the window, each with its reason where it is not the common set.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/lib/api/bindings.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // One door: whoever reads `tauri.ts` knows everything that reaches Rust.
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@tauri-apps/*'], message: 'Only src/lib/api/tauri.ts talks to Tauri.' },
            { group: ['**/gallery/*'], message: 'Only src/main.ts may load the gallery, so the product never holds it.' },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
      'svelte/button-has-type': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'SvelteAttribute[key.name="style"]',
          message: 'A style attribute breaks the content security policy; a `style:name` directive does not.',
        },
      ],
      // State is replaced as a whole, never changed in place.
      'svelte/prefer-svelte-reactivity': 'off',
      'svelte/no-target-blank': 'error',
    },
  },
  {
    files: ['src/lib/components/**'],
    rules: {
      // A component gets values and callbacks; the view knows the backend and the state.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/api/backend', '**/api/tauri', '**/api/memory', '**/state/connections.svelte'], allowTypeImports: true, message: 'Components get data and callbacks; views call the backend.' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/lib/components/ui/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/api/*', '**/state/*', '../*.svelte'], message: 'Generic components import nothing of the domain.' }] },
      ],
    },
  },
  { files: ['src/lib/api/tauri.ts', 'src/lib/gallery/**', 'src/main.ts', '**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['scripts/**'], rules: { 'no-console': 'off' } },
);
