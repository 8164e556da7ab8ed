// Holds the product bundle to its promises: small, no inline code, nothing of the gallery.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url).pathname;
const LIMIT = 150 * 1024;

const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

const problems = [];
let bytes = 0;
for (const file of files) {
  const content = readFileSync(file);
  bytes += gzipSync(content).length;
  if (/\.(js|html)$/.test(file) && /gallery/i.test(content.toString())) problems.push(`${file} speaks of the gallery`);
}
const page = readFileSync(join(DIST, 'index.html'), 'utf8');
if (/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i.test(page)) problems.push('index.html holds inline code');
if (bytes > LIMIT) problems.push(`${bytes} bytes compressed are more than ${LIMIT}`);

console.log(`dist: ${files.length} files, ${(bytes / 1024).toFixed(1)} KiB compressed`);
for (const problem of problems) console.error(`dist: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
