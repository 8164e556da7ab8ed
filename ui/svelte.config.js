// Svelte 5 with runes everywhere: a component that falls back to the old reactivity does not compile.
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true },
};
