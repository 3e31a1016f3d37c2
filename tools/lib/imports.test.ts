// Imports are found in every spelling, and nowhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './imports.ts';

test('importsOf() finds every spelling, with its line', () => {
  const source = [
    "import './a.ts';",
    "import { x, type Y as Z } from './b.ts';",
    "import type { T } from './c.ts';",
    "import type from './d.ts';",
    "import * as all from './e.ts';",
    'import dflt, { more } from "./f.ts";',
    "export { x } from './g.ts';",
    "export * as ns from './h.ts';",
    "export type { T2 } from './i.ts';",
    "const lazy = await import('./j.ts');",
    "type Lazy = import('./k.ts').K;",
    'import {',
    '  long,',
    "} from './l.ts';",
    "const old = require('./m.ts');",
    'const computed = await import(name);',
    "const inside = `text ${await import('./n.ts')} text`;",
    "import json from './o.json' with { type: 'json' };",
  ].join('\n');

  assert.deepEqual(
    importsOf(source).map((site) => `${site.line} ${site.how} ${site.specifier}`),
    [
      '1 static ./a.ts',
      '2 static ./b.ts',
      '3 type ./c.ts',
      '4 static ./d.ts',
      '5 static ./e.ts',
      '6 static ./f.ts',
      '7 re-export ./g.ts',
      '8 re-export ./h.ts',
      '9 re-export ./i.ts',
      '10 dynamic ./j.ts',
      '11 dynamic ./k.ts',
      '12 static ./l.ts',
      '15 dynamic ./m.ts',
      '16 dynamic ',
      '17 dynamic ./n.ts',
      '18 static ./o.json',
    ],
  );
});

test('importsOf() sees nothing in comments, strings, templates and regular expressions', () => {
  const source = [
    "// import x from './a.ts'",
    "/* import './b.ts';\n import('./c.ts') */",
    'const text = "import \'./d.ts\'";',
    "const quoted = 'it\\'s import(\"./e.ts\")';",
    "const template = `import './f.ts' ${1 + 1} from './g.ts'`;",
    "const pattern = /import '.\\/h.ts'[/']/g;",
    "const half = a / b; const c = 'x' / 2;",
    "loader.import('./i.ts'); const from = 'x'; const y = Array.from('abc');",
    "const object = { import: './j.ts', from: './k.ts' };",
    'const meta = import.meta.url;',
  ].join('\n');

  assert.deepEqual(importsOf(source), []);
});

test('importsOf() keeps its lines through templates and comments of many lines', () => {
  const source = "const a = `\n\n${`\n`}`;\n/*\n*/ import './x.ts';";

  assert.deepEqual(importsOf(source), [{ specifier: './x.ts', line: 6, how: 'static' }]);
});

test('importsOf() ends on whatever text it is given', () => {
  for (const text of ['`${', "'", '/', '/*', 'import', 'import(', 'from', '`${`${`', '\\', 'import {'])
    assert.deepEqual(
      importsOf(text).filter((site) => site.specifier !== ''),
      [],
    );
});
