// Every file of examples/ loads without a word, and everything.yaml says every key of the language.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { loadTexts } from './load-text.ts';
import { mainSchema } from './schema/document.ts';
import { type Outline, outlineOf, outlineOfShared } from './schema/outline.ts';
import type { Source } from './source.ts';

const DIR = join(import.meta.dirname, '../../examples');
const examples = globSync('{*.yaml,*/config.yaml}', { cwd: DIR }).sort();

function sourcesOf(file: string): Source[] {
  const folder = join(DIR, file, '..');
  const more = basename(file) === 'config.yaml' ? globSync('config.d/*.yaml', { cwd: folder }).sort() : [];
  return [
    { file, text: readFileSync(join(DIR, file), 'utf8'), role: 'main' as const },
    ...more.map((name) => ({
      file: name,
      text: readFileSync(join(folder, name), 'utf8'),
      role: 'included' as const,
    })),
  ];
}

for (const file of examples) {
  test(`loadConfig() reads examples/${file} without error or warning`, () => {
    const { intent, diagnostics, hash } = loadTexts(sourcesOf(file));

    assert.deepEqual(diagnostics, []);
    assert.ok(intent !== undefined && intent.listeners.size > 0);
    assert.match(hash ?? '', /^[0-9a-f]{64}$/);
  });
}

test('examples/ has the use cases that people start from', () => {
  assert.ok(examples.length >= 25, `${examples.length} examples`);
});

test('the LibraFlux example means what its guide says', () => {
  const { intent } = loadTexts(sourcesOf('libraflux/config.yaml'));

  const listener = intent?.listeners.get('web-cluster');
  assert.deepEqual(listener?.vips, ['frontend']);
  assert.equal(listener?.mode, 'dr');
  assert.equal(intent?.pools.get('web-cluster')?.members.length, 3);
  const check = intent?.pools.get('web-cluster')?.checks[0];
  assert.equal(check?.intervalMs, 5000);
  assert.equal(check?.fall, 3);
  assert.deepEqual(intent?.vips.get('frontend')?.address, '192.168.1.100');
  assert.equal(intent?.ha?.groups[0]?.vrid, 50);
  assert.equal(intent?.ha?.groups[0]?.priority, 150);
});

/** Keys that stand elsewhere in the same file under the same name are told apart by their block. */
function keysOf(outline: Outline, path: string, out: Set<string>): Set<string> {
  switch (outline.kind) {
    case 'block':
      for (const { key, value } of outline.keys) {
        out.add(`${path}.${key}`);
        keysOf(value, `${path}.${key}`, out);
      }
      break;
    case 'list':
      keysOf(outline.item, path, out);
      break;
    case 'choice':
      for (const { label, value } of outline.choices)
        keysOf(value, label.startsWith('type: ') ? `${path}(${label})` : path, out);
      break;
    case 'shared':
      keysOf(outlineOfShared(outline.name), path, out);
      break;
    default:
  }
  return out;
}

function usedIn(value: unknown, path: string, out: Set<string>): Set<string> {
  if (Array.isArray(value)) for (const item of value) usedIn(item, path, out);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const type = (value as Record<string, unknown>).type;
      const here = path.endsWith('.health') && typeof type === 'string' ? `${path}(type: ${type})` : path;
      out.add(`${here}.${key}`);
      usedIn(item, `${here}.${key}`, out);
    }
  return out;
}

/** What a listener shares with pools, and members with members, is shown once in either place. */
function shape(path: string): string {
  return path
    .replace(/^\.(listeners|pools)/, '.*')
    .replace('.pool_tls', '.tls-to-members')
    .replace('.requests.', '.')
    .replace(/^\.\*\.members\.health/, '.*.health');
}

test('everything.yaml says every key of the language', async () => {
  const { load } = await import('js-yaml');
  const value = load(readFileSync(join(DIR, 'everything.yaml'), 'utf8'));
  const used = new Set([...usedIn(value, '', new Set())].map(shape));
  // The timing and target keys are shown with one type of check and not with all thirteen.
  const shownOnce = new Set([...used].map((path) => path.replace(/\(type: [a-z-]+\)/, '')));
  const wanted = [...keysOf(outlineOf(mainSchema), '', new Set())].map(shape);

  const missing = [...new Set(wanted)].filter(
    (path) => !used.has(path) && !shownOnce.has(path.replace(/\(type: [a-z-]+\)/, '')),
  );
  // A listener says tls towards clients under the key that a pool uses towards members.
  assert.deepEqual(
    missing.filter((path) => !path.startsWith('.*.tls-to-members')),
    [],
  );
});
