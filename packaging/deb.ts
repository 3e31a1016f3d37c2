// The Debian package: a staged tree, its control files, and dpkg-deb.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf, type Entry } from './layout.ts';
import { settle, stage } from './stage.ts';

export interface PackageOptions {
  readonly entries: readonly Entry[];
  readonly version: string;
  /** Node's word: x64, arm64. */
  readonly arch: string;
  /** Seconds; every time in the package. */
  readonly epoch: number;
  readonly work: string;
  readonly output: string;
}

export const SUMMARY = 'declarative control plane for Linux load balancers';
export const DESCRIPTION = `Steelyard makes IPVS, an XDP program and HAProxy do what one file says: virtual
addresses, the servers behind them and how they are checked. It repairs drift,
moves addresses when a node fails, and tells the truth about what it sees.`;
export const MAINTAINER = 'Steelyard maintainers <steelyard@localhost>';

export const DEB_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export function controlFile(version: string, arch: string, installedBytes: number): string {
  return `Package: lbctl
Version: ${version}
Architecture: ${DEB_ARCH[arch] ?? arch}
Maintainer: ${MAINTAINER}
Installed-Size: ${Math.ceil(installedBytes / 1024)}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6, kmod, procps
Recommends: iproute2, nftables, libbpf1 | libbpf0
Suggests: ipvsadm, keepalived, haproxy, frr, logrotate
Section: net
Priority: optional
Description: ${SUMMARY}
${DESCRIPTION.split('\n')
  .map((line) => ` ${line}`)
  .join('\n')}
`;
}

/** The service is neither enabled nor started: an empty configuration has nothing to serve. */
export const POSTINST = `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  systemd-tmpfiles --create lbctl.conf || true
  # An upgrade: the kernel's tables carry the traffic meanwhile.
  if [ -n "\${2:-}" ]; then systemctl try-restart lbctl.service || true; fi
fi
`;

export const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now lbctl.service >/dev/null 2>&1 || true
fi
`;

export const POSTRM = `#!/bin/sh
set -e
if [ "$1" = purge ]; then
  rm -rf /var/lib/lbctl /run/lbctl
  if [ -d /etc/lbctl ]; then
    # What an operator wrote beside the file of the package stays.
    rmdir /etc/lbctl/config.d /etc/lbctl 2>/dev/null || true
  fi
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
`;

export function buildDeb(options: PackageOptions): void {
  const { entries, version, arch, epoch, work, output } = options;
  stage(work, entries, epoch);
  const control = join(work, 'DEBIAN');
  mkdirSync(control);
  const contents = entries.map((entry) => ({ entry, bytes: bytesOf(entry) }));
  const size = contents.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const files: readonly (readonly [name: string, text: string, mode: number])[] = [
    ['control', controlFile(version, arch, size), 0o644],
    ['conffiles', entries.flatMap((entry) => (entry.config ? [`${entry.path}\n`] : [])).join(''), 0o644],
    ['md5sums', md5sums(contents), 0o644],
    ['postinst', POSTINST, 0o755],
    ['prerm', PRERM, 0o755],
    ['postrm', POSTRM, 0o755],
  ];
  for (const [name, text, mode] of files) {
    writeFileSync(join(control, name), text);
    chmodSync(join(control, name), mode);
  }
  settle(work, epoch);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', work, output], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function md5sums(contents: readonly { readonly entry: Entry; readonly bytes: Uint8Array }[]): string {
  return contents
    .filter(({ entry }) => entry.config !== true)
    .map(({ entry, bytes }) => `${createHash('md5').update(bytes).digest('hex')}  ${entry.path.slice(1)}\n`)
    .join('');
}
