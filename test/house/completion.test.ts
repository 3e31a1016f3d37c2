// Completion as a shell asks for it: the hidden command's answers, and the bash script run by bash itself.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openShop, SMALL } from './run-lbctl.ts';

const shop = openShop();

async function words(...line: string[]): Promise<string[]> {
  const { code, out, err } = await shop.run(['__complete', '--', ...line]);
  assert.deepEqual([code, err], [0, '']);
  return out.split('\n').flatMap((one) => (one === '' ? [] : [one.split('\t')[0]!]));
}

test('__complete offers commands, subcommands, options and their values', async () => {
  assert.deepEqual(await words('va'), ['validate']);
  assert.ok((await words('')).includes('plan'));
  assert.ok(!(await words('')).includes('__complete'));
  assert.deepEqual(await words('import', ''), ['keepalived']);
  assert.deepEqual(await words('show', 'sc'), ['schema']);
  assert.deepEqual(await words('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await words('plan', '--det'), ['--detailed-exitcode']);
  assert.deepEqual(await words('plan', '--conf'), ['--config']);
  assert.deepEqual(await words('plan', '-o', ''), ['table', 'json', 'yaml']);
  assert.deepEqual(await words('plan', '--output=j'), ['--output=json']);
  assert.deepEqual(await words('plan', '--output', '=', 'y'), ['yaml'], 'as bash splits it');
  assert.deepEqual(await words('--color', 'n'), ['never']);
  assert.deepEqual(await words('help', 'pl'), ['plan']);
  assert.deepEqual(await words('help', 'show', 'it'), ['items']);
});

test('__complete offers files where a file stands', async () => {
  assert.deepEqual(await words('validate', '-c', ''), [':files']);
  assert.deepEqual(await words('fmt', ''), [':files']);
  assert.deepEqual(await words('fmt', 'a.yaml', ''), [':files'], 'once more');
  assert.deepEqual(await words('plan', '--against', ''), ['memory', ':files']);
  assert.deepEqual(await words('validate', ''), []);
});

test('__complete offers the listeners of the configuration that was named', async () => {
  shop.write('two.yaml', SMALL.replace('name: web', 'name: wiki'));
  shop.write('broken.yaml', 'listeners: 7\n');

  assert.deepEqual(await words('-c', 'two.yaml', 'show', 'world', 'w'), ['wiki']);
  assert.deepEqual(await words('show', 'world', '--config=two.yaml', ''), ['wiki']);
  assert.deepEqual(await words('show', 'world', '-c', 'two.yaml', 'wiki', ''), [], 'not twice');
  assert.deepEqual(await words('show', 'world', '-c', 'broken.yaml', ''), []);
});

test('__complete offers labs with their hosts, and without a daemon nothing of it', async () => {
  assert.deepEqual(await words('lab', 'up', 'b'), ['bfd', 'bgp']);
  assert.deepEqual(await words('lab', 'exec', 'single', 'w'), ['web1', 'web2', 'web3']);
  assert.deepEqual(await words('lab', 'chaos', 'pair', 'ki'), ['kill']);
  assert.deepEqual(await words('lab', 'chaos', 'pair', 'kill', 'lb'), ['lb-a', 'lb-b']);
  assert.deepEqual(await words('lab', 'exec', 'nowhere', ''), []);
  assert.deepEqual(await words('member', 'reset', '--socket', '/nowhere/api.sock', ''), []);
});

test('the bash script completes in bash', async () => {
  shop.write('two.yaml', SMALL.replace('name: web', 'name: wiki'));
  shop.write('dir/plain.yaml', SMALL);
  const table: [line: string[], wanted: string[]][] = [
    [['lbctl', 'val'], ['validate']],
    [['lbctl', 'show', 'world', '-c', 'two.yaml', ''], ['wiki']],
    [['lbctl', 'plan', '--output', '=', 'ya'], ['yaml']],
    [
      ['lbctl', 'plan', '--output', '='],
      ['table', 'json', 'yaml'],
    ],
    [['lbctl', 'validate', '-c', 'two'], ['two.yaml']],
    [['lbctl', 'validate', '-c', 'dir/'], ['dir/plain.yaml']],
  ];
  for (const [line, wanted] of table) {
    const quoted = line.map((word) => `'${word}'`).join(' ');
    const script = `source <(lbctl completion bash)
COMP_WORDS=(${quoted}); COMP_CWORD=${line.length - 1}
_lbctl
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { out, err } = await shop.exec('bash', ['--norc', '-c', script]);
    assert.equal(err, '');
    assert.deepEqual(out.trimEnd().split('\n'), wanted, line.join(' '));
  }
});

test('every script is accepted by its shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await shop.run(['completion', shell]);
    assert.equal(code, 0);
    assert.match(out, /__complete --/);
    // bash is always here; the others are read where they are installed.
    const installed = ['/bin', '/usr/bin'].some((folder) => existsSync(join(folder, shell)));
    if (!installed) continue;
    shop.write(`completion.${shell}`, out);
    const checked = await shop.exec(shell, ['-n', `completion.${shell}`]);
    assert.deepEqual([shell, checked.code, checked.err], [shell, 0, '']);
  }
});
