// Executes what the guides show and only root can do: blocks `sh lab` in labs, blocks `sh on=HOST` on a host of a small network
// that fits the page on direct return: client, lb, web1 and web2 on one switch, each with an /etc and /var of its own.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import { withPrivateFiles } from '../../lab/private-files.ts';
import { execSync } from '../../lab/process.ts';
import { makeReady } from '../../lab/topology/build-network.ts';
import { ROOT, readTexts } from '../../tools/lib/finding.ts';
import { type Block, blocksOf, wayOf, wordOf } from '../fixtures/doc-blocks.ts';
import { MountSandbox } from '../fixtures/mount-sandbox.ts';

const PAGES = readTexts(ROOT, '{README.md,docs/**/*.md}').map(({ file, text }) => ({
  file,
  blocks: blocksOf(text),
}));
const PATH = `${ROOT}${delimiter}${process.env.PATH}`;
const HOSTS = { client: '192.0.2.100', lb: '192.0.2.5', web1: '192.0.2.21', web2: '192.0.2.22' } as const;

test('there are pages to execute', () => {
  assert.ok(PAGES.some(({ blocks }) => blocks.some((block) => wayOf(block) === 'lab')));
  assert.ok(PAGES.some(({ blocks }) => blocks.some((block) => wayOf(block) === 'host')));
});

for (const { file, blocks } of PAGES.filter((page) => page.blocks.some((block) => wayOf(block) === 'lab')))
  test(`the labs of ${file} work and leave nothing`, async () => {
    const sandbox = await MountSandbox.open();
    try {
      for (const block of blocks.filter((one) => wayOf(one) === 'lab')) {
        const ran = sandbox.run(['sh', '-eu', '-c', block.text], {
          env: { ...process.env, PATH },
          timeoutMs: 150_000,
        });
        assert.equal(ran.code, 0, `${file}:${block.line}\n${block.text}${ran.out}${ran.err}`);
      }
      assert.deepEqual(await sandbox.leftovers(), []);
    } finally {
      for (const name of ['single', 'pair']) sandbox.run([join(ROOT, 'lbctl'), 'lab', 'down', name]);
      sandbox.close();
    }
  });

for (const { file, blocks } of PAGES.filter((page) => page.blocks.some((block) => wayOf(block) === 'host')))
  test(`the commands of ${file} work on its hosts`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-hosts-'));
    const lab = Lab.create('docs');
    const bpfDir = `/sys/fs/bpf/lbctl-docs-${process.pid}`;
    try {
      const hosts = buildHosts(lab);
      for (const name of ['web1', 'web2'] as const)
        hosts[name].spawn([process.execPath, join(ROOT, 'lab/programs/main.ts'), 'web', name, '80']);
      await sleep(1000);
      const run = runner(folder, bpfDir);
      for (const block of blocks) {
        const name = wordOf(block, 'file');
        if (name !== undefined) writeFileSync(join(folder, name), block.text);
        for (const host of wordOf(block, 'on')?.split(',') ?? [])
          run(hosts[host as keyof typeof HOSTS], host, file, block);
      }
    } finally {
      await lab.close();
      rmSync(bpfDir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    }
  });

function buildHosts(lab: Lab): Record<keyof typeof HOSTS, Host> {
  const network = lab.host('switch');
  const names = Object.keys(HOSTS) as (keyof typeof HOSTS)[];
  const hosts = Object.fromEntries(names.map((name) => [name, lab.host(name)]));
  lab.bridge(
    network,
    'sw0',
    names.map((name) => ({ host: hosts[name]!, device: 'eth0', addresses: [`${HOSTS[name]}/24`] })),
  );
  names.forEach((name, i) => {
    makeReady(hosts[name]!, network, `sw0p${i}`);
  });
  return hosts as Record<keyof typeof HOSTS, Host>;
}

/** As an operator of that host types it; `sudo` is there, as it is on machines of people who are not root. */
function runner(folder: string, bpfDir: string) {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n');
  chmodSync(join(bin, 'sudo'), 0o755);
  return (host: Host, name: string, file: string, block: Block): void => {
    const inside = withPrivateFiles(join(folder, `files-${name}`), ['sh', '-eu', '-c', block.text]);
    const argv = ['nsenter', `--net=/run/netns/${host.namespace}`, ...inside];
    const env = { PATH: `${bin}${delimiter}${PATH}`, LBCTL_BPF_DIR: bpfDir };
    const { code, stdout, stderr } = execSync(argv, { cwd: folder, env });
    assert.equal(code, 0, `${file}:${block.line} on ${name}\n${block.text}${stdout}${stderr}`);
  };
}
