// Runs every block marked `sh run` of the README and the guides, so that no page shows a command that does not work.
// Blocks of a page share a folder: `file=NAME` blocks are written there, `exit=N` is the code a block must end with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import test from 'node:test';
import { ROOT, readTexts } from '../../tools/lib/finding.ts';

interface Block {
  readonly words: readonly string[];
  readonly line: number;
  readonly text: string;
}

/** Fenced blocks: what stands behind the fence, and what is inside. */
function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\S.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    words: match[1]!.trim().split(/\s+/),
    line: markdown.slice(0, match.index).split('\n').length,
    text: match[2]!,
  }));
}

function wordOf({ words }: Block, name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

const isRun = ({ words }: Block): boolean => words[0] === 'sh' && words[1] === 'run';

test('blocksOf() tells what a block asks for', () => {
  const [first, second] = blocksOf(
    'a\n```yaml file=x.yaml\nb: 1\n```\n\n```sh run exit=3\nlbctl plan\n```\n',
  );
  assert.equal(wordOf(first!, 'file'), 'x.yaml');
  assert.deepEqual([isRun(first!), isRun(second!)], [false, true]);
  assert.deepEqual([wordOf(second!, 'exit'), second!.line, second!.text], ['3', 6, 'lbctl plan\n']);
});

const PAGES = readTexts(ROOT, '{README.md,docs/README.md,docs/guide/*.md}')
  .map(({ file, text }) => ({ file, blocks: blocksOf(text) }))
  .filter(({ blocks }) => blocks.some(isRun));

test('the guides have commands to run', () => {
  assert.ok(PAGES.length >= 5, PAGES.map((page) => page.file).join());
});

for (const { file, blocks } of PAGES)
  test(`the commands of ${file} work`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-commands-'));
    try {
      symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
      for (const block of blocks) {
        const name = wordOf(block, 'file');
        if (name !== undefined) writeFileSync(join(folder, name), block.text);
        if (isRun(block)) run(folder, file, block);
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
