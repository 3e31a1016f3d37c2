// renderDiagnostics(): exact text for ordinary faults, and carets that stay in place whatever the line holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../../test/fixtures/cpu-time.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { underline } from './excerpt.ts';
import { renderDiagnostics } from './render-diagnostics.ts';
import { sortDiagnostics, summarize } from './sort-diagnostics.ts';

const PLAIN = { colour: false, width: 80 };

function fault(
  change: Partial<Diagnostic> & { line?: number; column?: number; file?: string } = {},
): Diagnostic {
  const { line = 12, column = 15, file = 'conf.d/web.yaml', ...rest } = change;
  return {
    severity: 'error',
    rule: 'out-of-range',
    path: 'listeners[0].members[1].weight',
    message: 'Weight must be 0-65535',
    value: '70000',
    hint: 'Use 65535 or less',
    place: { file, line, column },
    excerpt: '      weight: 70000 # much',
    ...rest,
  };
}

test('renderDiagnostics() shows place, line, caret, path, value, hint and a summary', () => {
  assert.equal(
    renderDiagnostics([fault()], PLAIN),
    `error[out-of-range]: Weight must be 0-65535
  --> conf.d/web.yaml:12:15
   |
12 |       weight: 70000 # much
   |               ^^^^^
   |
   = path: listeners[0].members[1].weight
   = value: 70000
   = hint: Use 65535 or less

1 error in 1 file
`,
  );
});

test('renderDiagnostics() leaves out the line where there is none', () => {
  const { excerpt, value, hint, ...bare } = fault({ line: 0, column: 0, path: '', rule: 'file-missing' });

  assert.equal(
    renderDiagnostics([{ ...bare, message: 'There is no such file' }], PLAIN),
    'error[file-missing]: There is no such file\n --> conf.d/web.yaml\n\n1 error in 1 file\n',
  );
  assert.deepEqual([excerpt, value, hint].length, 3);
});

test('renderDiagnostics() paints only when asked', () => {
  assert.ok(!renderDiagnostics([fault()], PLAIN).includes('\x1b'));
  assert.ok(
    renderDiagnostics([fault()], { ...PLAIN, colour: true }).includes('\x1b[1;31merror[out-of-range]\x1b[0m'),
  );
});

test('renderDiagnostics() lets nothing of the file reach the terminal raw', () => {
  const evil = '\x1b[2J\u202Eevil\x07\r\n';
  const text = renderDiagnostics(
    [
      fault({
        message: evil,
        value: evil,
        hint: evil,
        path: evil,
        file: evil,
        excerpt: `a: ${evil}`,
        column: 4,
      }),
    ],
    PLAIN,
  );

  assert.ok(!/[\x00-\x09\x0b-\x1f\x7f\u202e]/.test(text), JSON.stringify(text));
  assert.ok(text.includes('\\x1b[2J\\u202eevil\\x07\\r\\n'));
});

test('renderDiagnostics() shows fifty, errors before warnings, and counts the rest', () => {
  const many = [
    ...Array.from({ length: 40 }, (_, i) => fault({ severity: 'warning', line: i + 1 })),
    ...Array.from({ length: 45 }, (_, i) => fault({ line: i + 101 })),
  ];

  const text = renderDiagnostics(many, PLAIN);

  assert.equal(text.match(/^error\[/gm)?.length, 45);
  assert.equal(text.match(/^warning\[/gm)?.length, 5);
  assert.ok(text.endsWith('\n35 more\n45 errors, 40 warnings in 1 file\n'), text.slice(-80));
});

test('sortDiagnostics() orders by file, line and column and keeps equals as they came', () => {
  const { place, ...placeless } = fault({ message: 'none' });
  const all = [
    fault({ file: 'b', line: 1, message: 'b1' }),
    fault({ file: 'a', line: 10, message: 'a10' }),
    fault({ file: 'a', line: 9, column: 7, message: 'a9 first' }),
    fault({ file: 'a', line: 9, column: 7, message: 'a9 second' }),
    fault({ file: 'a', line: 9, column: 2, message: 'a9 left' }),
    placeless,
  ];

  assert.deepEqual(
    sortDiagnostics(all).map((each) => each.message),
    ['none', 'a9 left', 'a9 first', 'a9 second', 'a10', 'b1'],
  );
  assert.equal(place?.line, 12);
});

test('summarize() counts errors, warnings and files', () => {
  assert.equal(summarize([]), '0 errors');
  assert.equal(summarize([fault({ severity: 'warning' })]), '1 warning in 1 file');
  const ofApi = ['api: pools.a', 'api: pools.b'].map((file) => fault({ file, line: 0 }));
  assert.equal(summarize(ofApi), '2 errors');
  assert.equal(summarize([fault(), ...ofApi]), '3 errors in 1 file');
  assert.equal(
    summarize([fault(), fault({ file: 'x' }), fault({ severity: 'warning' })]),
    '2 errors, 1 warning in 2 files',
  );
});

const CARETS: readonly (readonly [
  name: string,
  line: string,
  column: number,
  line2: string,
  carets: string,
])[] = [
  ['a word', 'a: bcd', 4, 'a: bcd', '   ^^^'],
  ['a word before a comment', 'a: b c # d', 4, 'a: b c # d', '   ^^^'],
  ['a word in a flow map', '{ a: bc, d: e }', 6, '{ a: bc, d: e }', '     ^^'],
  ['a key', 'abc: d', 1, 'abc: d', '^^^'],
  ['quoted text', `a: "b, 'c'" # d`, 4, `a: "b, 'c'" # d`, '   ^^^^^^^^'],
  ['a bracket', 'a: [1, 2]', 4, 'a: [1, 2]', '   ^'],
  ['an address', 'a: 2001:db8::1', 4, 'a: 2001:db8::1', '   ^^^^^^^^^^^'],
  ['tabs before it', 'a:\tb', 4, 'a:  b', '    ^'],
  ['wide characters before and in it', '名: 日本', 4, '名: 日本', '    ^^^^'],
  ['combining marks', 'e\u0301: x', 5, 'e\u0301: x', '   ^'],
  ['an emoji outside the first plane', '🚀: x', 5, '🚀: x', '    ^'],
  ['the end of the line', 'a: ', 4, 'a:', '   ^'],
  ['a column beyond the line', 'ab', 99, 'ab', '  ^'],
  ['an empty line', '', 1, '', '^'],
];

for (const [name, line, column, shown, carets] of CARETS) {
  test(`underline() marks ${name}`, () => {
    assert.deepEqual(underline(line, column, 80), { line: shown, carets });
  });
}

test('underline() cuts a long line round the caret and keeps within the width', () => {
  const long = `${'a'.repeat(5000)}: ${'b'.repeat(20)}, ${'c'.repeat(5000)}`;

  const { line, carets } = underline(long, 5003, 60);

  assert.ok(line.length <= 60 && line.startsWith('…a') && line.endsWith('c…'), line);
  const start = carets.indexOf('^');
  assert.equal(line.slice(start, start + 20), 'b'.repeat(20));
  assert.equal(carets.trim(), '^'.repeat(20));
});

test('underline() shows the end of a long line when the caret is there', () => {
  const { line, carets } = underline(`${'x'.repeat(300)} end`, 302, 40);

  assert.equal(line.slice(carets.indexOf('^')), 'end');
  assert.ok(line.startsWith('…') && line.length <= 40);
});

test('underline() looks at no more of a line of megabytes than it shows', () => {
  const line = 'x, '.repeat(1_000_000);
  const started = cpuMs();

  for (let i = 0; i < 200; i++) underline(line, 1 + i * 15_000, 100);

  assert.ok(cpuMs() - started < 1000);
});
