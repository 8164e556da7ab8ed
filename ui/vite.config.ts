// How the window is built: for the WebKit that a desktop ships, under a policy that allows no inline code.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), svelteTesting()],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: {
    target: ['es2022', 'safari16'],
    // The gallery is a build of its own, so that nothing of it can reach the product.
    outDir: mode === 'gallery' ? '../target/gallery' : 'dist',
    emptyOutDir: true,
    // The policy allows no `data:` scripts or styles, and the local files cost nothing to load.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test-setup.ts'],
    restoreMocks: true,
  },
}));
