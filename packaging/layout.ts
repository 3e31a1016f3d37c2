// The tree that every package installs: where each file goes, with which rights, and whether an operator edits it.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createProgram } from '../src/cli/program.ts';
import { Session } from '../src/cli/session.ts';
import type { Toolbox } from '../src/cli/toolbox.ts';
import { configPage } from '../tools/gen-config-reference.ts';
import { type ManOptions, manPages } from './man.ts';
import { configManPage } from './man-config.ts';

export interface Entry {
  /** Absolute path on the target. */
  readonly path: string;
  readonly mode: number;
  readonly content: { readonly file: string } | { readonly text: string | Uint8Array };
  /** An operator's own once installed: an upgrade keeps it, removal leaves it to purge. */
  readonly config?: true;
}

export interface LayoutOptions extends ManOptions {
  readonly root: string;
  readonly executable: string;
}

/** Building the command tree needs nothing of the toolbox but this. */
const DESCRIBED = { version: '', env: {}, stdout: { columns: 100 } } as unknown as Toolbox;

/** Folders that are the package's own and may be empty. */
export const FOLDERS = ['/etc/lbctl/config.d', '/var/lib/lbctl/backups'] as const;

export function layout(options: LayoutOptions): Entry[] {
  const { root, executable } = options;
  const own = (name: string) => ({ file: join(root, 'packaging/files', name) });
  const entries: Entry[] = [
    { path: '/usr/bin/lbctl', mode: 0o755, content: { file: executable } },
    { path: '/etc/lbctl/config.yaml', mode: 0o640, content: own('config.yaml'), config: true },
    { path: '/etc/logrotate.d/lbctl', mode: 0o644, content: own('logrotate.conf'), config: true },
    { path: '/usr/lib/systemd/system/lbctl.service', mode: 0o644, content: own('lbctl.service') },
    { path: '/usr/lib/sysctl.d/90-lbctl.conf', mode: 0o644, content: own('sysctl.conf') },
    { path: '/usr/lib/modules-load.d/lbctl.conf', mode: 0o644, content: own('modules-load.conf') },
    { path: '/usr/lib/tmpfiles.d/lbctl.conf', mode: 0o644, content: own('tmpfiles.conf') },
    { path: '/usr/share/doc/lbctl/README.md', mode: 0o644, content: { file: join(root, 'README.md') } },
    { path: '/usr/share/doc/lbctl/CHANGELOG.md', mode: 0o644, content: { file: join(root, 'CHANGELOG.md') } },
    { path: '/usr/share/doc/lbctl/copyright', mode: 0o644, content: { text: COPYRIGHT } },
    { path: '/usr/share/doc/lbctl/LICENSE', mode: 0o644, content: { file: join(root, 'LICENSE') } },
    ...examples(root),
    ...manuals(options),
    ...completions(executable),
  ];
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function bytesOf(entry: Entry): Uint8Array {
  const { content } = entry;
  if ('file' in content) return readFileSync(content.file);
  return typeof content.text === 'string' ? Buffer.from(content.text) : content.text;
}

function examples(root: string): Entry[] {
  return globSync('examples/**/*.{yaml,yml}', { cwd: root }).map((file) => ({
    path: `/usr/share/doc/lbctl/${file}`,
    mode: 0o644,
    content: { file: join(root, file) },
  }));
}

function manuals(options: LayoutOptions): Entry[] {
  const pages = [
    ...manPages(createProgram(new Session(DESCRIBED)), options),
    configManPage(configPage(), options),
  ];
  return pages.map(({ name, text }) => ({
    path: `/usr/share/man/man${name.at(-1)}/${name}.gz`,
    mode: 0o644,
    content: { text: gzipSync(text, { level: 9 }) },
  }));
}

/** Asked of the executable itself: what is installed is what it prints. */
function completions(executable: string): Entry[] {
  const places = {
    bash: '/usr/share/bash-completion/completions/lbctl',
    zsh: '/usr/share/zsh/site-functions/_lbctl',
    fish: '/usr/share/fish/vendor_completions.d/lbctl.fish',
  };
  return Object.entries(places).map(([shell, path]) => ({
    path,
    mode: 0o644,
    content: { text: execFileSync(executable, ['completion', shell], { encoding: 'utf8' }) },
  }));
}

/** Debian's policy wants the licence named; the parts inside the executable bring their own (see the SBOM). */
const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Steelyard

Files: *
Copyright: the Steelyard authors
License: Apache-2.0
Comment: The executable contains Node.js (MIT and others) and the npm packages that its SBOM names.

License: Apache-2.0
 The full text is in /usr/share/doc/lbctl/LICENSE and, on Debian, in /usr/share/common-licenses/Apache-2.0.
`;
