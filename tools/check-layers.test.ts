// The layer check passes on the tree as it is, fails when a wrong import is added, and names line, rule and cure.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkLayers } from './check-layers.ts';
import { ROOT } from './lib/finding.ts';
import { MAY_IMPORT } from './lib/layers.ts';

let copy = '';
before(() => {
  copy = mkdtempSync(join(tmpdir(), 'steelyard-layers-'));
  cpSync(join(ROOT, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
});
after(() => rmSync(copy, { recursive: true, force: true }));

/** Findings after one file more is written; it is removed again. */
function findingsWith(file: string, text: string) {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), text);
  const findings = checkLayers(copy).filter((finding) => finding.file === file);
  rmSync(join(copy, file));
  return findings;
}

test('checkLayers() finds nothing wrong in this tree', () => {
  assert.deepEqual(checkLayers(ROOT), []);
});

test('checkLayers() fails on a wrong import added to a copy of this tree', () => {
  const [finding, ...more] = findingsWith(
    'src/plan/bad.ts',
    "// x\nimport type { A } from '../engine/engine.ts';\n",
  );

  assert.deepEqual(more, []);
  assert.equal(finding?.line, 2);
  assert.match(finding.message, /^src\/plan cannot import src\/engine \("\.\.\/engine\/engine\.ts"\)$/);
  assert.match(finding.cure, /src\/plan may import lib, model \(ARCHITECTURE\.md/);
});

test('checkLayers() holds every kind of import to the arrow', () => {
  const table: [name: string, file: string, code: string, wrong: boolean][] = [
    ['down', 'src/plan/a.ts', "import { x } from '../lib/ip.ts';", false],
    ['same room', 'src/plan/a.ts', "import { x } from './diff.ts';", false],
    ['up, dynamic', 'src/model/a.ts', "const x = await import('../config/load.ts');", true],
    ['up, type query', 'src/lib/a.ts', "type X = import('../model/vip.ts').Vip;", true],
    ['up, re-export', 'src/config/a.ts', "export * from '../plan/diff.ts';", true],
    ['up, side effect', 'src/wire/a.ts', "import '../kernel/x.ts';", true],
    ['sideways', 'src/config/a.ts', "import { x } from '../wire/dns.ts';", true],
    ['engine to wire', 'src/engine/a.ts', "import { x } from '../wire/dns.ts';", true],
    ['driver to kernel', 'src/drivers/x/a.ts', "import { x } from '../../kernel/x.ts';", false],
    ['driver to driver', 'src/drivers/x/a.ts', "import { x } from '../memory/desired.ts';", true],
    ['cli to config', 'src/cli/a.ts', "import { x } from '../config/source.ts';", true],
    ['app to all', 'src/app/a.ts', "import { x } from '../cli/program.ts';", false],
    ['out of src', 'src/engine/a.ts', "import { x } from '../../tools/lib/finding.ts';", true],
    ['a test from code', 'src/plan/a.ts', "import { x } from './a.test.ts';", true],
    [
      'engine test to driver',
      'src/engine/a.test.ts',
      "import { x } from '../drivers/memory/desired.ts';",
      false,
    ],
    ['engine to driver', 'src/engine/a.ts', "import { x } from '../drivers/memory/desired.ts';", true],
    ['computed', 'src/engine/a.ts', 'await import(`./${name}.ts`);', true],
    ['machine in a pure room', 'src/config/a.ts', "import { readFileSync } from 'node:fs';", true],
    ['machine in a door', 'src/doors/file/a.ts', "import { readFileSync } from 'node:fs';", false],
    ['unknown package', 'src/doors/a.ts', "import x from 'left-pad';", true],
    ['development package', 'src/doors/a.ts', "import x from 'fast-check';", true],
    ['development package in a test', 'src/doors/a.test.ts', "import x from 'fast-check';", false],
    ['a package of another room', 'src/drivers/x/a.ts', "import koffi from 'koffi';", true],
    ['subpath of a package', 'src/config/a.ts', "import x from 'zod/v4';", false],
  ];
  for (const [name, file, code, wrong] of table)
    assert.equal(findingsWith(file, code).length, wrong ? 1 : 0, name);
});

test('the arrow table of ARCHITECTURE.md names the rooms that the check holds to it', () => {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| \d \|/.test(line));
  const rooms = rows.flatMap((row) =>
    row
      .split('|')[2]!
      .split('·')
      .map((room) => room.trim()),
  );

  assert.deepEqual(rooms.sort(), Object.keys(MAY_IMPORT).sort());
});
