// The service as an operator runs it: the package on a system with systemd, under the unit as it is shipped, with traffic. The
// blocks `sh installed` of the guides are executed here, in their order.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { LoadClient } from '../../lab/load-client.ts';
import type { LoadReport } from '../../lab/programs/load.ts';
import { ROOT, readTexts } from '../../tools/lib/finding.ts';
import { blocksOf, filesOf, wayOf } from '../fixtures/doc-blocks.ts';
import { builtFile } from './built-file.ts';
import { SHARED, SystemRoot } from './system-root.ts';

const PAGES = readTexts(ROOT, 'docs/guide/*.md')
  .map(({ file, text }) => ({ file, blocks: blocksOf(text) }))
  .filter(({ blocks }) => blocks.some((block) => wayOf(block) === 'installed'));
const PROGRAMS = `${process.execPath} ${join(ROOT, 'lab/programs/main.ts')}`;
const VIP = '192.0.2.10';
const CONFIG = `node: { name: lb, role: single }
network: { frontend: { interface: eth0 } }
mode: onearm
vips: [{ name: www, address: ${VIP}/24 }]
listeners:
  - name: web
    vip: www
    port: 80
    members: [{ address: 192.0.2.21, port: 80 }, { address: 192.0.2.22, port: 80 }]
    health: { type: http, path: /, interval: 1s }
`;
/** The machine is the balancer; its clients and servers are namespaces on a switch. */
const NETWORK = `printf '#!/bin/sh\\nexec "$@"\\n' > /usr/local/bin/sudo && chmod 755 /usr/local/bin/sudo
ip netns add switch
ip -n switch link add sw0 up type bridge forward_delay 0
join() {
  ip link add $2 \${1:+netns} $1 up type veth peer $3 netns switch
  ip -n switch link set $3 master sw0 up
  ip netns exec switch ethtool -K $3 gro on
  \${1:+ip netns exec $1} ethtool -K $2 tx off
  ip \${1:+-n} $1 address add $4/24 dev $2
  ip \${1:+-n} $1 link set lo up
}
join '' eth0 lb 192.0.2.5
i=21
for host in web1 web2; do
  ip netns add $host
  join $host eth0 $host 192.0.2.$i
  i=$((i + 1))
  setsid ip netns exec $host ${PROGRAMS} web $host 80 > /dev/null 2>&1 &
done
ip netns add client
join client eth0 client 192.0.2.100`;

function must(root: SystemRoot, script: string, where = ''): string {
  const { code, out, err } = root.run(script);
  if (code === 0) return out;
  const log = root.run('journalctl -u lbctl -n 60 --no-pager').out;
  assert.fail(`${where} ended with ${code}\n${script}\n${out}${err}\n${log}`);
}

async function onSystem(use: (root: SystemRoot) => Promise<void> | void): Promise<void> {
  const root = await SystemRoot.open();
  try {
    must(root, NETWORK);
    await use(root);
  } finally {
    await root.close();
  }
}

function clientOf(root: SystemRoot, perSecond: number): LoadClient {
  const host = { argv: (argv: readonly string[]) => root.argv(['ip', 'netns', 'exec', 'client', ...argv]) };
  return LoadClient.start(host, PROGRAMS.split(' '), `http://${VIP}/`, perSecond);
}

/** When requests failed, beside how late the client itself was: a machine without time is no fault of the service. */
function told({ failures, ...report }: LoadReport): string {
  const [first, last] = [failures[0], failures.at(-1)];
  const when =
    first &&
    `${new Date(first.sentMs).toISOString()} to ${new Date(last!.sentMs).toISOString()}: ${first.why}`;
  return `${JSON.stringify(report)} ${when ?? ''}`;
}

/** The same package under the next number. */
function newerPackage(folder: string): void {
  const work = join(folder, 'newer');
  execFileSync('dpkg-deb', ['-R', builtFile(/\.deb$/), work]);
  const control = join(work, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, '$&+next'));
  execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '-b', work, join(folder, 'lbctl_next_all.deb')], {
    stdio: 'ignore',
  });
}

const SERVING = `cp ${SHARED}/site.yaml /etc/lbctl/config.yaml
systemctl enable --now lbctl`;
/** Both servers answer, and a moment later that is in state.db too: a crash before it would start from "not checked yet". */
const STEADY = `for server in web1 web2; do
  until ip netns exec client curl -sf -m 1 http://${VIP}/ | grep -q $server; do sleep 0.2; done
done
sleep 5`;

for (const { file, blocks } of PAGES)
  test(`the commands of ${file} work where the package is installed, and lose nothing`, async () => {
    await onSystem(async (root) => {
      for (const [name, text] of [...filesOf(blocks), ['site.yaml', CONFIG] as const])
        writeFileSync(join(root.shared, name), text);
      const packages = { deb: builtFile(/\.deb$/), archive: builtFile(/\.tar\.gz$/) };
      let load: LoadClient | undefined;
      if (file.endsWith('install.md')) {
        for (const path of [...Object.values(packages), join(packages.deb, '../SHA256SUMS')])
          cpSync(path, join(root.shared, path.split('/').at(-1)!));
      } else if (file.endsWith('migrate-from-libraflux.md')) {
        must(root, `tar -xzf ${packages.archive} --strip-components=1`);
      } else {
        must(root, `dpkg -i ${packages.deb}`);
      }
      if (file.endsWith('keep-it-running.md')) {
        newerPackage(root.shared);
        must(root, `${SERVING}\n${STEADY}`);
        load = clientOf(root, 100);
        await load.seen();
      }
      const seen: LoadReport[] = [];
      for (const block of blocks.filter((one) => wayOf(one) === 'installed')) {
        must(root, `test ! -d /etc/lbctl || cp site.yaml /etc/lbctl/config.yaml`);
        must(root, block.text, `${file}:${block.line}`);
        if (load !== undefined) seen.push(await load.seen());
      }
      if (load === undefined) return;
      await load.stop();
      assert.match(must(root, "dpkg-query -W -f='${Version}' lbctl"), /\+next$/);
      assert.equal(
        must(root, 'cmp site.yaml /etc/lbctl/config.yaml && systemctl is-active lbctl'),
        'active\n',
      );
      assert.deepEqual(
        seen.map(({ failed }) => failed),
        seen.map(() => 0),
        seen.map(told).join('\n'),
      );
      assert.ok(seen.every(({ ok }) => ok > 0));
    });
  });

test('the unit keeps the service in few rights, and starts it again when it dies or hangs', async () => {
  await onSystem(async (root) => {
    writeFileSync(join(root.shared, 'site.yaml'), CONFIG);
    must(root, `dpkg -i ${builtFile(/\.deb$/)}\n${SERVING}`);
    assert.doesNotMatch(must(root, 'systemd-analyze verify --man=no lbctl.service 2>&1'), /lbctl/);
    const exposure = /exposure level for lbctl\.service: ([\d.]+)/.exec(
      must(root, 'systemd-analyze security --no-pager lbctl.service'),
    );
    assert.ok(Number(exposure?.[1]) <= 3.2, `${exposure?.[0]}`);

    const load = clientOf(root, 100);
    must(root, STEADY);
    await load.seen();
    // Stopped is hung: the watchdog sees it after WatchdogSec, and ends it for good after TimeoutStopSec more.
    for (const [times, signal] of [
      [1, 'KILL'],
      [2, 'STOP'],
    ])
      must(
        root,
        `systemctl kill -s ${signal} lbctl
until [ "$(systemctl show -P NRestarts lbctl)" = ${times} ] && systemctl is-active lbctl; do sleep 0.5; done
sleep 5`,
      );
    const seen = await load.seen();
    await load.stop();
    assert.deepEqual([seen.failed, Object.keys(seen.byServer).sort()], [0, ['web1', 'web2']], told(seen));
    assert.match(must(root, 'lbctl show data-planes && lbctl status'), /xdp|ipvs/);
  });
});
