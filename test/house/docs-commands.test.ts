// No page shows a command that does not work. Blocks marked `sh run` are executed here, in a folder of the page; what needs
// root is executed by test/root/docs-labs.test.ts; the rest cannot run on a machine of tests (it installs, enables or asks a
// service), so it is read: programs must exist, and lbctl and make must know every word.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import test from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { Session } from '../../src/cli/session.ts';
import { ROOT, readTexts } from '../../tools/lib/finding.ts';
import { toolboxWith } from '../fixtures/cli-toolbox.ts';
import { type Block, blocksOf, looseCommands, wayOf, wordOf } from '../fixtures/doc-blocks.ts';
import { simpleCommands } from '../fixtures/shell-words.ts';

const PAGES = readTexts(ROOT, '{README.md,CONTRIBUTING.md,docs/**/*.md}').map(({ file, text }) => ({
  file,
  text,
  blocks: blocksOf(text),
}));

test('blocksOf() and wayOf() tell what a block asks for', () => {
  const [first, second, third] = blocksOf(
    'a\n```yaml file=x.yaml\nb: 1\n```\n\n```sh run exit=3\nlbctl plan\n```\n```sh on=web1\nid\n```\n',
  );
  assert.equal(wordOf(first!, 'file'), 'x.yaml');
  assert.deepEqual([wayOf(first!), wayOf(second!), wayOf(third!)], [undefined, 'run', 'host']);
  assert.deepEqual([wordOf(second!, 'exit'), second!.line, second!.text], ['3', 6, 'lbctl plan\n']);
});

test('simpleCommands() reads what manuals show', () => {
  const table: readonly (readonly [script: string, commands: string[][]])[] = [
    ['sudo lbctl plan -c web.yaml   # look', [['lbctl', 'plan', '-c', 'web.yaml']]],
    ['lbctl validate && lbctl plan > x 2>&1 | head', [['lbctl', 'validate'], ['lbctl', 'plan'], ['head']]],
    ['A=1 make \\\n  soak', [['make', 'soak']]],
    ['echo "a | b" \'c;d\' e\\ f', [['echo', 'a | b', 'c;d', 'e f']]],
  ];
  for (const [script, commands] of table) assert.deepEqual(simpleCommands(script), commands);
});

test('the guides have commands to run', () => {
  assert.ok(PAGES.filter(({ blocks }) => blocks.some((block) => wayOf(block) === 'run')).length >= 5);
});

for (const { file, blocks } of PAGES.filter((page) => page.blocks.some((block) => wayOf(block) === 'run')))
  test(`the commands of ${file} work`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-commands-'));
    try {
      symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
      for (const block of blocks) {
        const name = wordOf(block, 'file');
        if (name !== undefined) writeFileSync(join(folder, name), block.text);
        if (wayOf(block) === 'run') run(folder, file, block);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

function run(folder: string, file: string, block: Block): void {
  const { status, stdout, stderr } = spawnSync('sh', ['-eu', '-c', block.text], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: `${ROOT}${delimiter}${process.env.PATH}`, CHECKOUT: ROOT, HOME: folder, LC_ALL: 'C.UTF-8' },
  });
  const wanted = Number(wordOf(block, 'exit') ?? 0);
  assert.equal(status, wanted, `${file}:${block.line}\n${block.text}${stdout}${stderr}`);
}

for (const { file, text, blocks } of PAGES)
  test(`what ${file} shows and nobody can run here is right word for word`, async () => {
    const loose = looseCommands(text).filter((line) => !/\[(options|command)\]|<\w+>/.test(line));
    // The generated reference sets its examples by four spaces.
    const reads = blocks.filter((one) => wayOf(one) === 'read' || wayOf(one) === 'lab');
    const generated = file.startsWith('docs/reference/');
    if (!generated) assert.deepEqual(loose, [], 'commands that stand in no fence');
    for (const block of generated ? [...reads, ...loose.map(asBlock)] : reads)
      for (const words of simpleCommands(block.text)) {
        const fault = await faultOf(words);
        assert.equal(fault, undefined, `${file}:${block.line}: "${words.join(' ')}": ${fault}`);
      }
  });

function asBlock(text: string): Block {
  return { words: ['sh'], line: 0, text };
}

/** Programs of other systems, and words of the shell itself. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  dnf: 'Red Hat',
  skopeo: 'only where images are moved',
  podman: 'only where containers run',
  cd: 'of the shell',
  'install.sh': 'in the archive',
};

async function faultOf([program = '', ...args]: readonly string[]): Promise<string | undefined> {
  const name = program.split('/').at(-1)!;
  if (name === 'lbctl') return faultOfLbctl(args);
  if (name === 'make') return faultOfMake(args);
  if (name in ELSEWHERE) return undefined;
  if (program.startsWith('./')) return existsSync(join(ROOT, program)) ? undefined : 'is not in the checkout';
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin');
  return folders.some((folder) => existsSync(join(folder, name)))
    ? undefined
    : 'is no program of this machine';
}

/** Parsed as lbctl would, with commands that do nothing. */
async function faultOfLbctl(args: readonly string[]): Promise<string | undefined> {
  const { toolbox, err } = toolboxWith({});
  const program = createProgram(new Session(toolbox));
  let met: string | undefined;
  const disarm = (command: Command): void => {
    if (command.commands.length === 0)
      command.action(() => {
        met = command.name();
      });
    command.commands.forEach(disarm);
  };
  disarm(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch {
    return args.includes('--help') || args.includes('--version') ? undefined : err.join('').trim();
  }
  return met === undefined ? 'is no whole command' : undefined;
}

const MAKEFILE = readFileSync(join(ROOT, 'Makefile'), 'utf8');

function faultOfMake(args: readonly string[]): string | undefined {
  const targets = args.filter((arg) => !arg.startsWith('-') && !arg.includes('='));
  const known = [...MAKEFILE.matchAll(/^([a-z%-]+):/gm)].map(
    (match) => new RegExp(`^${match[1]!.replace('%', '[a-z-]+')}$`),
  );
  const unknown = targets.filter((target) => !known.some((pattern) => pattern.test(target)));
  return unknown.length === 0 ? undefined : `there is no target ${unknown.join(', ')}`;
}
