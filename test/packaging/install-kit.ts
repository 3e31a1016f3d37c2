// What tests of install.sh need: a release made of this checkout, a system told by a stub, and a run of the script.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipFile, tarFolder } from '../../packaging/archive.ts';
import { layout } from '../../packaging/layout.ts';
import { stage } from '../../packaging/stage.ts';
import { ROOT } from '../../tools/lib/finding.ts';

const SCRIPT = join(ROOT, 'packaging/install.sh');
const EPOCH = 1_700_000_000;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class InstallKit {
  readonly folder = mkdtempSync(join(tmpdir(), 'packaging-install-'));
  readonly archive = join(this.folder, 'lbctl-0.1.0-linux-amd64.tar.gz');
  readonly #stubs = join(this.folder, 'stubs');

  constructor() {
    const executable = join(this.folder, 'lbctl');
    writeFileSync(executable, `#!/bin/sh\nexec "${join(ROOT, 'lbctl')}" "$@"\n`, { mode: 0o755 });
    const tree = join(this.folder, 'tree');
    stage(tree, layout({ root: ROOT, executable, version: '0.1.0', date: '2026-01-02' }), EPOCH);
    tarFolder(tree, this.archive.replace(/\.gz$/, ''), EPOCH, 'lbctl-0.1.0');
    gzipFile(this.archive.replace(/\.gz$/, ''));
    this.writeSums(createHash('sha256').update(readFileSync(this.archive)).digest('hex'));
    mkdirSync(this.#stubs);
    // No package is there yet; everything else would succeed, and says so where it must not be called.
    for (const name of ['rpm', 'dpkg-query']) this.stub(name, 'exit 1');
    for (const name of ['dnf', 'apt-get', 'modprobe', 'sysctl', 'systemctl'])
      this.stub(name, `echo "CALLED ${name} $*"`);
    this.stub('uname', 'echo x86_64');
  }

  writeSums(sum: string): void {
    writeFileSync(join(this.folder, 'SHA256SUMS'), `${sum}  lbctl-0.1.0-linux-amd64.tar.gz\n`);
  }

  stub(name: string, body: string): void {
    const path = join(this.#stubs, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  run(osRelease: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
    const file = join(this.folder, 'os-release');
    writeFileSync(file, osRelease);
    const { status, stdout, stderr } = spawnSync('/bin/sh', [SCRIPT, ...args], {
      encoding: 'utf8',
      env: {
        PATH: `${this.#stubs}:${process.env.PATH}`,
        TMPDIR: this.folder,
        LBCTL_OS_RELEASE: file,
        LBCTL_CONTAINER: 'no',
        ...env,
      },
    });
    return { status, stdout, stderr };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function osRelease(id: string, version: string, name: string): string {
  return `NAME="${name}"\nID="${id}"\nVERSION_ID="${version}"\nPRETTY_NAME="${name} ${version}"\n`;
}
