import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseEvents } from 'js-yaml';
import { bigSite } from '../../../test/fixtures/big-site.ts';
import { entryOffsets } from './entry-offsets.ts';
import { LineIndex } from './line-index.ts';
import { Places } from './places.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const ODD = `
# before
&root
? pools
:
  - { name: a }
  -   name: b
      members: [{ address: 10.0.0.1 }, { address: 10.0.0.2 }]
  - &c
    name: c
  - !!map { name: d }
  - word
  - *c
  - [list, { name: inner }]
  -
vips: [{ name: v }, {
  name: w }]
node: { name: n, list: [{ a: 1 }] }
listeners: []
"certificates": [ { name: q } ]
`;
const MERGED = 'base: &b { pools: [{ name: a }] }\n<<: *b\nvips:\n  - name: v\n';

const texts = [
  ...readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [name, readFileSync(join(EXAMPLES, name), 'utf8')] as const),
  ['many', bigSite({ folder: '/tmp', listeners: 20, members: 3, port: 80 })] as const,
  ['odd', ODD] as const,
  ['merged', MERGED] as const,
  ['empty', ''] as const,
  ['a word', 'word'] as const,
  ['a list', '- { a: 1 }'] as const,
];

for (const [name, text] of texts)
  test(`locate() names the same places with and without the second reading: ${name}`, () => {
    const lines = new LineIndex(name, text);
    const entries = entryOffsets(text, parseEvents(text, {}));
    const quick = new Places(text, lines, entries);
    const close = new Places(text, lines, new Map());
    for (const key of ['vips', 'listeners', 'pools', 'certificates', 'base', 'list', ...entries.keys()])
      for (let i = 0; i < 30; i++)
        for (const what of ['key', 'value'] as const)
          assert.deepEqual(quick.locate([key, i], what), close.locate([key, i], what), `${key}[${i}]`);
  });

test('entryOffsets() knows every object of a large file', () => {
  const text = bigSite({ folder: '/tmp', listeners: 20, members: 3, port: 80 });

  const entries = entryOffsets(text, parseEvents(text, {}));

  const known = [...entries].map(([key, offsets]) => [key, offsets.filter((one) => one >= 0).length]);
  assert.deepEqual(known, [
    ['vips', 1],
    ['pools', 20],
    ['listeners', 20],
  ]);
});
