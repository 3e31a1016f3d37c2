// Man pages: sound roff for every command, and no word of the text taken as a request.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { manPages } from '../../packaging/man.ts';
import { configManPage } from '../../packaging/man-config.ts';
import { paragraph, roffText } from '../../packaging/roff.ts';
import { ENVIRONMENT } from '../../src/cli/environment.ts';
import { createProgram } from '../../src/cli/program.ts';
import { Session } from '../../src/cli/session.ts';
import type { Toolbox } from '../../src/cli/toolbox.ts';
import { configPage } from '../../tools/gen-config-reference.ts';
import { ROOT, readTexts } from '../../tools/lib/finding.ts';

const OPTIONS = { version: '0.1.0', date: '2026-01-02' };
const DESCRIBED = { version: '', env: {}, stdout: { columns: 100 } } as unknown as Toolbox;
const program = createProgram(new Session(DESCRIBED));
const PAGES = [...manPages(program, OPTIONS), configManPage(configPage(), OPTIONS)];

test('roffText() keeps text from being a request or an escape', () => {
  assert.equal(roffText('.SH \\fB --x "a" \'b\''), '\\&.SH \\efB \\-\\-x \\(dqa\\(dq \\(aqb\\(aq');
  assert.deepEqual(paragraph('one\n  two\n\nthree'), ['one two', '.PP', 'three']);
});

test('manPages() has a page for every visible command, the daemon in section 8', () => {
  const names = PAGES.map((page) => page.name);
  for (const command of program.createHelp().visibleCommands(program)) {
    if (command.name() === 'help') continue;
    const section = command.name() === 'daemon' ? 8 : 1;
    assert.ok(names.includes(`lbctl-${command.name()}.${section}`), command.name());
  }
  assert.ok(names.includes('lbctl.1') && names.includes('lbctl.yaml.5'));
});

test('lbctl(1) names every variable that the program reads, and no other', () => {
  const read = readTexts(ROOT, '{src,lab,packaging/runtime}/**/*.ts')
    .filter(({ file }) => !file.endsWith('.test.ts') && file !== 'src/cli/environment.ts')
    .flatMap(({ text }) => [
      ...text.matchAll(/\benv\.((?:LBCTL|NO)_\w+)/g),
      ...text.matchAll(/\{[^{}]*\b(LBCTL_\w+)\b[^{}]*\} = process\.env/g),
    ])
    .map(([, name]) => name!);
  assert.deepEqual([...new Set(read)].sort(), Object.keys(ENVIRONMENT).sort());
  const page = PAGES.find((one) => one.name === 'lbctl.1')!.text;
  for (const name of Object.keys(ENVIRONMENT)) assert.ok(page.includes(`\\fB${name}\\fR`), name);
});

test('every page is sound roff', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packaging-man-'));
  try {
    for (const { name, text } of PAGES) writeFileSync(join(folder, name), text);
    const files = PAGES.map((page) => join(folder, page.name));
    const { status, stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...files], {
      encoding: 'utf8',
    });
    assert.equal(stdout, '');
    assert.equal(status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('lbctl.yaml(5) tells every field with its default', () => {
  const page = PAGES.find((one) => one.name === 'lbctl.yaml.5')!.text;
  assert.match(page, /\.TP\n\\fBmetrics\.prometheus\.port\\fR\n.*default 9090/);
  assert.ok((page.match(/^\.TP$/gm) ?? []).length > 200);
});
