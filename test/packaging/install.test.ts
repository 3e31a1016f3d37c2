// install.sh: what it would do on each system it knows, a whole installation into a folder, and the way back.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { ROOT } from '../../tools/lib/finding.ts';
import { InstallKit, osRelease } from './install-kit.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
const kit = new InstallKit();
after(() => kit.close());
const DEBIAN = osRelease('debian', '12', 'Debian GNU/Linux');

const SYSTEMS = [
  ['almalinux', '8.10', 'AlmaLinux'],
  ['almalinux', '9.4', 'AlmaLinux'],
  ['almalinux', '10.0', 'AlmaLinux'],
  ['rocky', '9.4', 'Rocky Linux'],
  ['rhel', '9.4', 'Red Hat Enterprise Linux'],
  ['ubuntu', '22.04', 'Ubuntu'],
  ['ubuntu', '24.04', 'Ubuntu'],
  ['debian', '12', 'Debian GNU/Linux'],
  ['debian', '13', 'Debian GNU/Linux'],
] as const;

function holdTo(name: string, text: string): void {
  const path = join(GOLDEN, `${name}.txt`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(path, text);
  }
  assert.equal(text, readFileSync(path, 'utf8'));
}

/** Which folders are there already is the machine's affair, which pages and examples there are that of other tests. */
const steps = (text: string) =>
  text
    .replaceAll(/^would make: .*\n/gm, '')
    .replaceAll(/^would write: \/usr\/local\/share\/(?:man|doc)\/.*\n/gm, '');

for (const [id, version, name] of SYSTEMS)
  test(`install.sh --dry-run on ${name} ${version} says every step and takes none`, () => {
    const ran = kit.run(osRelease(id, version, name), ['--dry-run', '--offline', kit.archive]);
    assert.equal(ran.stderr, '');
    assert.equal(ran.status, 0);
    assert.doesNotMatch(ran.stdout, /CALLED/);
    assert.match(ran.stdout, /^would write: \/usr\/local\/share\/man\/man1\/lbctl\.1\.gz \(644\)$/m);
    assert.match(
      ran.stdout,
      /^would write: \/usr\/local\/share\/doc\/lbctl\/examples\/minimal\.yaml \(644\)$/m,
    );
    holdTo(`install-${id}-${version}`, steps(ran.stdout));
  });

test('install.sh leaves FRR out, or unstarted, when told to', () => {
  const out = kit.run(DEBIAN, ['--dry-run', '--skip-frr', '--offline', kit.archive]).stdout;
  assert.doesNotMatch(out, /install.*frr|vrrpd=yes/);
  const unstarted = kit.run(DEBIAN, ['--dry-run', '--skip-frr-start', '--offline', kit.archive]).stdout;
  assert.match(unstarted, /vrrpd=yes/);
  assert.doesNotMatch(unstarted, /systemctl \w+ (-q )?frr/);
});

test('install.sh loads no module and sets no sysctl in a container', () => {
  const { stdout } = kit.run(DEBIAN, ['--dry-run', '--offline', kit.archive], { LBCTL_CONTAINER: 'yes' });
  assert.match(stdout, /Container: yes/);
  assert.doesNotMatch(stdout, /would run: (modprobe|sysctl)/);
});

test('install.sh refuses systems, options, paths and archives that it does not know', () => {
  const cases: readonly (readonly [string, readonly string[], Record<string, string>, number, RegExp])[] = [
    [osRelease('debian', '11', 'Debian'), [], {}, 2, /this is Debian 11; supported are/],
    [osRelease('rhel', '7.9', 'RHEL'), [], {}, 2, /this is RHEL 7\.9/],
    [osRelease('gentoo', '', 'Gentoo'), [], {}, 2, /this is Gentoo/],
    [DEBIAN, ['--frobnicate'], {}, 2, /unknown option "--frobnicate"/],
    [DEBIAN, ['--offline'], {}, 2, /--offline needs/],
    [DEBIAN, [], { LBCTL_STATE_DIR: '/var/../etc' }, 2, /no path to install to/],
    [DEBIAN, [], { LBCTL_BIN: 'lbctl' }, 2, /must be an absolute path/],
    [DEBIAN, [], { DESTDIR: join(kit.folder, 'none') }, 2, /no release named/],
    [DEBIAN, ['--offline', '/nonexistent.tar.gz', '--dry-run'], {}, 1, /there is no file/],
    [DEBIAN, ['--offline', 'x.deb', '--dry-run'], {}, 2, /is a package/],
    [DEBIAN, ['--offline', kit.archive, '--dry-run'], { LBCTL_SHA256: 'f'.repeat(64) }, 1, /the checksum of/],
    [DEBIAN, ['--uninstall'], { DESTDIR: join(kit.folder, 'none') }, 1, /installed nothing here/],
  ];
  for (const [system, args, env, status, message] of cases) {
    const ran = kit.run(system, args, env);
    assert.match(ran.stderr, message);
    assert.equal(ran.status, status, ran.stderr);
  }
});

/** Every path below a folder, with its rights and, for files, its size. */
function listOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => {
      const found = statSync(join(folder, path));
      return `${(found.mode & 0o7777).toString(8)} ${found.isFile() ? found.size : '-'} /${path}`;
    })
    .sort();
}

test('install.sh installs into a folder, changes nothing the second time, and takes everything away again', () => {
  const destdir = join(kit.folder, 'root');
  mkdirSync(destdir);
  const env = { DESTDIR: destdir };
  const first = kit.run(DEBIAN, ['--offline', kit.archive], env);
  assert.equal(first.status, 0, first.stdout + first.stderr);
  assert.doesNotMatch(first.stdout, /CALLED|warning:/);
  assert.match(first.stdout, /Checksum: right[\s\S]*ok: lbctl runs\nok: the configuration is valid/);
  const after = listOf(destdir);
  for (const line of [/^755 \d+ \/usr\/local\/bin\/lbctl$/, /^640 \d+ \/etc\/lbctl\/config\.yaml$/])
    assert.ok(
      after.some((one) => line.test(one)),
      String(line),
    );
  assert.ok(after.includes('750 - /var/lib/lbctl/backups'));
  const unit = readFileSync(join(destdir, 'etc/systemd/system/lbctl.service'), 'utf8');
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/lbctl daemon --config \/etc\/lbctl\/config\.yaml$/m);

  writeFileSync(join(destdir, 'etc/lbctl/config.yaml'), 'node: { name: mine }\n', { mode: 0o640 });
  const second = kit.run(DEBIAN, ['--offline', kit.archive], env);
  assert.equal(second.status, 0, second.stdout);
  assert.doesNotMatch(second.stdout, /^Written:/m);
  assert.match(second.stdout, /^Kept: \/etc\/lbctl\/config\.yaml$/m);
  assert.deepEqual(
    listOf(destdir).filter((line) => !line.endsWith('config.yaml')),
    after.filter((line) => !line.endsWith('config.yaml')),
  );

  const removed = kit.run(DEBIAN, ['--uninstall'], env);
  assert.equal(removed.status, 0, removed.stdout + removed.stderr);
  assert.deepEqual(listOf(destdir), []);
});

test('install.sh --uninstall leaves what is not ours, and the configuration when told to', () => {
  const destdir = join(kit.folder, 'shared');
  mkdirSync(join(destdir, 'etc/sysctl.d'), { recursive: true });
  writeFileSync(join(destdir, 'etc/sysctl.d/10-other.conf'), '');
  kit.run(DEBIAN, ['--offline', kit.archive], { DESTDIR: destdir });
  const removed = kit.run(DEBIAN, ['--uninstall', '--keep-config'], { DESTDIR: destdir });
  assert.equal(removed.status, 0, removed.stderr);
  assert.ok(existsSync(join(destdir, 'etc/sysctl.d/10-other.conf')));
  assert.ok(existsSync(join(destdir, 'etc/lbctl/config.yaml')));
  assert.ok(!existsSync(join(destdir, 'usr')));
});

test('install.sh puts its parts where the environment says', () => {
  const destdir = join(kit.folder, 'elsewhere');
  mkdirSync(destdir);
  const env = {
    DESTDIR: destdir,
    LBCTL_BIN: '/opt/lb/bin/lbctl',
    LBCTL_CONFIG_DIR: '/opt/lb/etc',
    LBCTL_STATE_DIR: '/opt/lb/state',
  };
  const ran = kit.run(DEBIAN, ['--offline', kit.archive], env);
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  const unit = readFileSync(join(destdir, 'etc/systemd/system/lbctl.service'), 'utf8');
  assert.match(unit, /^ExecStart=\/opt\/lb\/bin\/lbctl daemon --config \/opt\/lb\/etc\/config\.yaml$/m);
  assert.match(unit, /^ReadWritePaths=\/opt\/lb\/state$/m);
  assert.doesNotMatch(unit, /\/(etc|var\/lib)\/lbctl\b(?! )/);
  assert.match(readFileSync(join(destdir, 'opt/lb/etc/config.yaml'), 'utf8'), /state_dir: \/opt\/lb\/state/);
  assert.equal(kit.run(DEBIAN, ['--uninstall'], env).status, 0);
  assert.deepEqual(listOf(destdir), []);
});

test('install.sh is clean for shellcheck, as a script of plain sh', () => {
  const ran = spawnSync('shellcheck', ['--shell=sh', join(ROOT, 'packaging/install.sh')], {
    encoding: 'utf8',
  });
  assert.equal(ran.stdout, '');
  assert.equal(ran.status, 0);
});
