// Picks the door and draws the window. Without the app behind it there is only the gallery, which the product
// does not contain: both conditions below are constants at build time.
import './lib/styles/tokens.css';
import './lib/styles/base.css';

import { mount } from 'svelte';

import App from './App.svelte';
import type { Backend } from './lib/api/backend';
import { insideTauri, tauriBackend } from './lib/api/tauri';

async function door(): Promise<Backend> {
  if (!insideTauri() && (import.meta.env.DEV || import.meta.env.MODE === 'gallery')) {
    const { galleryBackend } = await import('./lib/gallery/gallery');
    return galleryBackend();
  }
  return tauriBackend();
}

const target = document.getElementById('app');
if (target) mount(App, { target, props: { backend: await door() } });
