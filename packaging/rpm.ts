// The RPM: a spec file that copies the staged tree, and rpmbuild with everything pinned that would differ between builds.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESCRIPTION, type PackageOptions, SUMMARY } from './deb.ts';
import { type Entry, FOLDERS } from './layout.ts';
import { stage } from './stage.ts';

export const RPM_ARCH: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

export function specFile(options: Omit<PackageOptions, 'work' | 'output'>, tree: string): string {
  const { entries, version, arch, epoch } = options;
  const date = new Date(epoch * 1000).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+).*/, '$1 $3 $2 $4');
  return `Name: lbctl
Version: ${version.replaceAll('-', '~')}
Release: 1
Summary: ${SUMMARY}
License: Apache-2.0
Group: System Environment/Daemons
BuildArch: ${RPM_ARCH[arch] ?? arch}
Requires: kmod, procps-ng, systemd
Recommends: iproute, nftables, libbpf
Suggests: ipvsadm, keepalived, haproxy, frr, logrotate
# The executable carries its parts in a segment of its own: nothing may strip it or look for debug symbols.
%global __os_install_post %{nil}
%global debug_package %{nil}
%global _build_id_links none
AutoReqProv: no

%description
${DESCRIPTION}

%install
cp -a ${tree}/. %{buildroot}/

%post
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  systemd-tmpfiles --create lbctl.conf || :
  if [ "$1" -gt 1 ]; then systemctl try-restart lbctl.service || :; fi
fi

%preun
if [ "$1" = 0 ] && [ -d /run/systemd/system ]; then systemctl disable --now lbctl.service >/dev/null 2>&1 || :; fi

%postun
if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi

%files
%defattr(-,root,root,-)
%dir %attr(0750,root,root) /etc/lbctl
%dir %attr(0750,root,root) /var/lib/lbctl
${FOLDERS.map((path) => `%dir %attr(0750,root,root) ${path}`).join('\n')}
${ownFolders(entries)
  .map((path) => `%dir %attr(0755,root,root) ${path}`)
  .join('\n')}
${entries.map(fileLine).join('\n')}

%changelog
* ${date} Steelyard maintainers <steelyard@localhost> - ${version.replaceAll('-', '~')}-1
- See /usr/share/doc/lbctl/CHANGELOG.md
`;
}

/**
 * Folders of ours alone: without our name on them an erased package would leave them behind. Those of other programs, such as fish's
 * for completions, are theirs: an erased package that names one takes it away where it is empty and no other package has it.
 */
function ownFolders(entries: readonly Entry[]): string[] {
  const folders = entries.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_part, at) => parts.slice(0, at + 1).join('/'));
  });
  return [...new Set(folders)].filter((path) => OWN.test(path)).sort();
}

const OWN = /^\/usr\/share\/doc\/lbctl(?:\/|$)/;

function fileLine({ path, mode, config }: Entry): string {
  return `${config === true ? '%config(noreplace) ' : ''}%attr(0${mode.toString(8)},root,root) ${path}`;
}

export function buildRpm(options: PackageOptions): void {
  const { entries, arch, epoch, work, output } = options;
  const tree = join(work, 'tree');
  const top = join(work, 'rpmbuild');
  stage(tree, entries, epoch);
  mkdirSync(top, { recursive: true });
  const spec = join(work, 'lbctl.spec');
  writeFileSync(spec, specFile(options, tree));
  const defines = {
    _topdir: top,
    // The database of the build machine is not asked what it has installed.
    _dbpath: join(top, 'db'),
    _buildhost: 'reproducible',
    _binary_payload: 'w6.gzdio',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
  };
  execFileSync(
    'rpmbuild',
    [
      '-bb',
      '--quiet',
      '--nodeps',
      `--target=${RPM_ARCH[arch] ?? arch}`,
      ...Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]),
      spec,
    ],
    { env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const built = readdirSync(join(top, 'RPMS'), { recursive: true, encoding: 'utf8' }).find((file) =>
    file.endsWith('.rpm'),
  );
  if (built === undefined) throw new Error('rpmbuild made no package');
  renameSync(join(top, 'RPMS', built), output);
}
