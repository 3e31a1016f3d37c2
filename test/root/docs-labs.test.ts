// Executes what the guides show and only root can do: blocks `sh lab` in labs, blocks `sh in=LAB/HOST` on a host of a lab, blocks
// `sh on=HOST` on a host of a small network that fits the pages: client, balancer and web servers on one switch, a member behind
// the balancer, each with an /etc and /var of its own.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { type Host, Lab } from '../../lab/netns.ts';
import { withPrivateFiles } from '../../lab/private-files.ts';
import { execSync } from '../../lab/process.ts';
import { makeReady } from '../../lab/topology/build-network.ts';
import { until } from '../../lab/until.ts';
import { ensureBpffs } from '../../src/kernel/bpf/pin.ts';
import { ROOT, readTexts } from '../../tools/lib/finding.ts';
import { type Block, blocksOf, filesOf, wayOf, wordOf } from '../fixtures/doc-blocks.ts';
import { MountSandbox } from '../fixtures/mount-sandbox.ts';

const PAGES = readTexts(ROOT, '{README.md,docs/**/*.md}').map(({ file, text }) => ({
  file,
  blocks: blocksOf(text),
}));
const PATH = `${ROOT}${delimiter}${process.env.PATH}`;
const HOSTS = {
  client: '192.0.2.100',
  lb: '192.0.2.5',
  web1: '192.0.2.21',
  web2: '192.0.2.22',
  web3: '192.0.2.23',
} as const;
type HostName = keyof typeof HOSTS | 'member';

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

for (const { file, blocks } of PAGES.filter((page) => page.blocks.some((block) => wayOf(block) === 'inside')))
  test(`the commands of ${file} work in its lab`, async () => {
    const sandbox = await MountSandbox.open();
    const folder = mkdtempSync(join(tmpdir(), 'docs-inside-'));
    const lbctl = join(ROOT, 'lbctl');
    const inside = blocks.filter((one) => wayOf(one) === 'inside');
    const labs = [...new Set(inside.map((block) => placeOf(block)[0]!))];
    try {
      const env = { ...process.env, PATH: `${sudoFolder(folder)}${delimiter}${PATH}` };
      const must = (where: string, argv: readonly string[]): void => {
        const { code, out, err } = sandbox.run(argv, { env });
        assert.equal(code, 0, `${where}\n${argv.join(' ')}\n${out}${err}`);
      };
      for (const lab of labs) must(file, [lbctl, 'lab', 'up', lab]);
      for (const block of inside) {
        const exec = [lbctl, 'lab', 'exec', ...placeOf(block), '--'];
        const where = `${file}:${block.line}`;
        if (!block.words.includes('endless')) must(where, [...exec, 'sh', '-eu', '-c', block.text]);
        else
          for (const [index, line] of block.text.trim().split('\n').entries()) {
            // A file of its own: the shell looks before the command has emptied it, and would see what the last one wrote.
            const out = join(folder, `out${index}`);
            const first = `${line.replace(/ +#.*/, '')} > ${out} &
while kill -0 $! 2> /dev/null && [ ! -s ${out} ]; do sleep 0.2; done
kill $! 2> /dev/null || :
test -s ${out}`;
            must(`${where}: ${line}`, [...exec, 'sh', '-eu', '-c', first]);
          }
      }
      for (const lab of labs) must(file, [lbctl, 'lab', 'down', lab]);
      assert.deepEqual(await sandbox.leftovers(), []);
    } finally {
      for (const lab of labs) sandbox.run([lbctl, 'lab', 'down', lab]);
      sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

function placeOf(block: Block): readonly string[] {
  return wordOf(block, 'in')!.split('/');
}

for (const { file, blocks } of PAGES.filter((page) => page.blocks.some((block) => wayOf(block) === 'host')))
  test(`the commands of ${file} work on its hosts`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docs-hosts-'));
    const lab = Lab.create('docs');
    const bpfDir = `/sys/fs/bpf/lbctl-docs-${process.pid}`;
    try {
      // Each command has mounts of its own: one that mounted bpffs itself would take its pins with it.
      ensureBpffs();
      const hosts = buildHosts(lab);
      const servers = ['web1', 'web2', 'member'] as const;
      for (const name of servers)
        hosts[name].spawn([process.execPath, join(ROOT, 'lab/programs/main.ts'), 'web', name, '80']);
      for (const name of servers) await until(`${name} to serve`, () => serves(hosts[name]), 30_000);
      const run = runner(folder, bpfDir);
      for (const [name, text] of filesOf(blocks)) writeFileSync(join(folder, name), text);
      for (const block of blocks)
        for (const host of wordOf(block, 'on')?.split(',') ?? [])
          run(hosts[host as HostName], host, file, block);
    } finally {
      await lab.close();
      rmSync(bpfDir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    }
  });

async function serves(host: Host): Promise<boolean> {
  const argv = ['curl', '--silent', '--output', '/dev/null', '--max-time', '1', 'http://127.0.0.1/'];
  return (await host.exec(argv)).code === 0;
}

function buildHosts(lab: Lab): Record<HostName, Host> {
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
  const member = lab.host('member');
  lab.link(
    { host: hosts.lb!, device: 'eth1', addresses: ['10.0.0.1/24'] },
    { host: member, device: 'eth0', addresses: ['10.0.0.11/24'] },
  );
  return { ...hosts, member } as Record<HostName, Host>;
}

/** `sudo` is there, as it is on machines of people who are not root. */
function sudoFolder(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n');
  chmodSync(join(bin, 'sudo'), 0o755);
  return bin;
}

/** As an operator of that host types it. */
function runner(folder: string, bpfDir: string) {
  const bin = sudoFolder(folder);
  return (host: Host, name: string, file: string, block: Block): void => {
    const inside = withPrivateFiles(join(folder, `files-${name}`), ['sh', '-eu', '-c', block.text]);
    const argv = ['nsenter', `--net=/run/netns/${host.namespace}`, ...inside];
    const config = wordOf(block, 'config');
    const env = {
      PATH: `${bin}${delimiter}${PATH}`,
      LBCTL_BPF_DIR: bpfDir,
      ...(config === undefined ? {} : { LBCTL_CONFIG: join(ROOT, 'examples', config) }),
    };
    const { code, stdout, stderr } = execSync(argv, { cwd: folder, env });
    assert.equal(code, 0, `${file}:${block.line} on ${name}\n${block.text}${stdout}${stderr}`);
  };
}
