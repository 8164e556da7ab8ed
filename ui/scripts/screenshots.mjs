// Looks at every state of the gallery in a real browser, in both themes and several widths: writes a picture
// of each, and fails on an accessibility violation, on sideways scrolling, and on anything in the console.
// The pages are served under the policy of the app, so code that the app would refuse fails here as well.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const DIST = fileURLToPath(new URL('../../target/gallery/', import.meta.url));
const OUT = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** The policy of the app itself. */
const SECURITY = JSON.parse(readFileSync(new URL('../../tauri.conf.json', import.meta.url), 'utf8')).app.security;

const THEMES = ['light', 'dark'];
const WIDTHS = [360, 900];
/** Wide windows and forced colours differ in little: a few states are enough. */
const EXTRA = [
  { states: ['first-run', 'everything', 'sign-in-overdue'], theme: 'light', width: 1400 },
  { states: ['first-run', 'everything', 'attention', 'disconnect-dialog'], theme: 'dark', width: 900, forced: true },
];
const WORKERS = 3;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Only names given on the command line, or all. */
const wanted = process.argv.slice(2);

function serve() {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const file = join(DIST, path === '/' ? 'index.html' : path);
    try {
      const body = readFileSync(file);
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': SECURITY.csp }).end(body);
    } catch {
      // A browser asks for an icon by itself; that is no fault of the page.
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function look(page, origin, { state, theme, width, forced = false }) {
  const faults = [];
  const note = (fault) => faults.push(fault);
  const onConsole = (message) => ['error', 'warning'].includes(message.type()) && note(`console: ${message.text()}`);
  const onError = (error) => note(`error: ${error.message}`);
  page.on('console', onConsole).on('pageerror', onError);

  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce', forcedColors: forced ? 'active' : 'none' });
  await page.goto(`${origin}/?gallery=${state}`);
  await page.waitForFunction((name) => document.documentElement.dataset.played === name, state);

  const { scroll, inner } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, inner: innerWidth }));
  if (scroll > inner) note(`scrolls sideways: ${scroll} > ${inner}`);

  await page.evaluate(AXE);
  const { violations } = await page.evaluate((on) => globalThis.axe.run(document, on), {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    // Forced colours replace the palette, so measuring ours says nothing there.
    rules: { 'color-contrast': { enabled: !forced } },
  });
  for (const { id, help, nodes } of violations) {
    for (const { html, any } of nodes) note(`${id}: ${help}: ${html} ${any.map((it) => it.message).join('; ')}`);
  }

  // A dialog and a message are pinned to the window, so their picture is that of the window.
  const pinned = await page.evaluate(() => document.querySelector('dialog[open], [role=status]') !== null);
  const name = `${state}-${forced ? 'forced' : theme}-${width}.png`;
  await page.screenshot({ path: join(OUT, name), fullPage: !pinned });
  page.off('console', onConsole).off('pageerror', onError);
  return faults.map((fault) => `${name}: ${fault}`);
}

const server = await serve();
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });

if (SECURITY.freezePrototype) await context.addInitScript(() => Object.freeze(Object.prototype));

const list = await context.newPage();
await list.goto(origin);
await list.waitForSelector('a[data-state]');
const states = await list.$$eval('a[data-state]', (links) => links.map((link) => link.dataset.state));
await list.close();

const jobs = states.flatMap((state) => THEMES.flatMap((theme) => WIDTHS.map((width) => ({ state, theme, width }))));
for (const { states: some, ...how } of EXTRA) jobs.push(...some.map((state) => ({ state, ...how })));
const chosen = wanted.length > 0 ? jobs.filter(({ state }) => wanted.includes(state)) : jobs;

if (wanted.length === 0) rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const faults = [];
const queue = chosen.values();
await Promise.all(
  Array.from({ length: WORKERS }, async () => {
    const page = await context.newPage();
    for (const job of queue) {
      try {
        faults.push(...(await look(page, origin, job)));
      } catch (error) {
        faults.push(`${job.state}-${job.theme}-${job.width}: ${error.message}`);
      }
    }
    await page.close();
  }),
);
await browser.close();
server.close();

for (const fault of faults) console.error(fault);
console.log(`gallery: ${states.length} states, ${chosen.length} pictures, ${faults.length} faults`);
process.exitCode = faults.length > 0 || chosen.length === 0 ? 1 : 0;
