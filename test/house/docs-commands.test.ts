// No page shows a command that does not work. Blocks marked `sh run` are executed here, in a folder of the page; what needs
// root is executed by test/root/docs-labs.test.ts, what needs the package by test/packaging/service.slow.ts. The few others say
// why they are not. Whatever is not executed here is read: programs must exist, and lbctl and make must know every word.
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
import {
  type Block,
  blocksOf,
  filesOf,
  looseCommands,
  READ_REASONS,
  type Way,
  wayOf,
  wordOf,
} from '../fixtures/doc-blocks.ts';
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
      for (const [name, text] of filesOf(blocks)) writeFileSync(join(folder, name), text);
      for (const block of blocks) if (wayOf(block) === 'run') run(folder, file, block);
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
    const reads = blocks.filter((one) =>
      (['read', 'lab', 'inside', 'installed'] as Way[]).includes(wayOf(one)!),
    );
    const generated = file.startsWith('docs/reference/');
    if (!generated) assert.deepEqual(loose, [], 'commands that stand in no fence');
    for (const block of generated ? [...reads, ...loose.map(asBlock)] : reads)
      for (const words of simpleCommands(block.text)) {
        const fault = await faultOf(words);
        assert.equal(fault, undefined, `${file}:${block.line}: "${words.join(' ')}": ${fault}`);
      }
  });

const GUIDES = PAGES.filter(({ file }) => !file.startsWith('docs/reference/'));

test('what is not executed anywhere says why, and is no more than this', () => {
  const reasons = GUIDES.flatMap(({ file, blocks }) =>
    blocks
      .filter((block) => wayOf(block) === 'read')
      .map((block) => {
        const reason = wordOf(block, 'read') ?? '';
        assert.ok(reason in READ_REASONS, `${file}:${block.line} is not executed and has no reason`);
        return reason;
      }),
  );
  const count = Object.fromEntries(
    Object.keys(READ_REASONS).map((reason) => [reason, reasons.filter((one) => one === reason).length]),
  );
  assert.deepEqual(count, { suite: 1, minutes: 3, elsewhere: 2, tested: 2, module: 3 });
});

/** Commands of lbctl whose examples in the reference no guide executes, and the test that runs them. */
const EXECUTED_ELSEWHERE: Readonly<Record<string, string>> = {
  // What waits just then is not to be had in a guide.
  'operation cancel': 'src/cli/commands/daemon-commands.test.ts',
  // It needs a terminal.
  top: 'src/cli/top/top.test.ts',
};

test('every command that the reference shows is executed by a block of a guide, or by a test that is named', async () => {
  const shown = PAGES.filter(({ file }) => file === 'docs/reference/cli.md').flatMap(({ blocks, text }) => [
    ...blocks.filter((block) => wayOf(block) === 'read').map((block) => block.text),
    ...looseCommands(text),
  ]);
  const executed = GUIDES.flatMap(({ blocks }) =>
    blocks.filter((block) => !['read', undefined].includes(wayOf(block))).map((block) => block.text),
  );
  const paths = async (scripts: readonly string[]): Promise<Set<string>> =>
    new Set(
      (await Promise.all(scripts.flatMap(simpleCommands).map(pathOf))).filter((path) => path !== undefined),
    );
  const known = await paths(executed);
  const missing = [...(await paths(shown))].filter((path) => !known.has(path)).sort();
  assert.deepEqual(missing, Object.keys(EXECUTED_ELSEWHERE).sort());
  for (const file of Object.values(EXECUTED_ELSEWHERE)) assert.ok(existsSync(join(ROOT, file)), file);
});

/** `ha failover` of `lbctl -c x ha failover`; of `lbctl lab exec LAB HOST COMMAND` that of the command. */
async function pathOf([program, ...args]: readonly string[]): Promise<string | undefined> {
  if (program !== 'lbctl') return undefined;
  const { met } = await parsedByLbctl(args);
  if (met?.path === 'lab exec' && met.args[2] === 'lbctl') return pathOf(met.args.slice(2));
  return met?.path;
}

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

async function faultOfLbctl(args: readonly string[]): Promise<string | undefined> {
  const { met, said } = await parsedByLbctl(args);
  if (said !== undefined) return args.includes('--help') || args.includes('--version') ? undefined : said;
  return met === undefined ? 'is no whole command' : undefined;
}

interface Parsed {
  readonly met?: { readonly path: string; readonly args: readonly string[] };
  /** What was said instead. */
  readonly said?: string;
}

/** Parsed as lbctl would, with commands that do nothing. */
async function parsedByLbctl(args: readonly string[]): Promise<Parsed> {
  const { toolbox, err } = toolboxWith({});
  const program = createProgram(new Session(toolbox));
  let met: Parsed['met'];
  const disarm = (command: Command, path: readonly string[]): void => {
    if (command.commands.length === 0)
      command.action(() => {
        met = { path: path.join(' '), args: command.args };
      });
    for (const inner of command.commands) disarm(inner, [...path, inner.name()]);
  };
  disarm(program, []);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch {
    return { said: err.join('').trim() };
  }
  return met === undefined ? {} : { met };
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
