// `make package`: the executable, then every package made of it, their checksums and the bill of materials.
// `build.ts FOLDER` writes to another folder than build/package.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { gzipFile, sha256Of, tarFolder } from './archive.ts';
import { buildDeb, DEB_ARCH, type PackageOptions } from './deb.ts';
import { buildExecutable } from './executable.ts';
import { layout } from './layout.ts';
import { buildOci } from './oci.ts';
import { buildRpm, RPM_ARCH } from './rpm.ts';
import { type PackageLock, sbom } from './sbom.ts';
import { settle, stage } from './stage.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = resolve(process.argv[2] ?? join(ROOT, 'build/package'));
const WORK = join(OUT, 'work');

const json = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
const say = (line: string) => process.stdout.write(`package: ${line}\n`);

async function main(): Promise<void> {
  const { version } = json<{ version: string }>('package.json');
  const epoch = epochOf();
  const { arch } = process;
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });

  const executable = join(OUT, 'lbctl');
  await buildExecutable({ root: ROOT, version, work: join(WORK, 'executable'), output: executable });
  say(`${describe(executable)}, "lbctl version" in ${startMs(executable)} ms`);
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  const entries = layout({ root: ROOT, executable, version, date });
  const options = (work: string, output: string): PackageOptions => ({
    entries,
    version,
    arch,
    epoch,
    work: join(WORK, work),
    output: join(OUT, output),
  });

  buildTarball(options('tarball', `lbctl-${version}-linux-${DEB_ARCH[arch] ?? arch}.tar`));
  made('dpkg-deb', `lbctl_${version}_${DEB_ARCH[arch] ?? arch}.deb`, (name) => {
    const debian = entries.map((entry) => ({ ...entry, path: entry.path.replace(ZSH, ZSH_DEBIAN) }));
    buildDeb({ ...options('deb', name), entries: debian });
  });
  made('rpmbuild', `lbctl-${version}-1.${RPM_ARCH[arch] ?? arch}.rpm`, (name) =>
    buildRpm(options('rpm', name)),
  );
  buildOci(options('oci', 'oci'));
  const lock = json<PackageLock>('package-lock.json');
  const isInstalled = (path: string) => existsSync(join(ROOT, path, 'package.json'));
  writeFileSync(join(OUT, 'sbom.cdx.json'), sbom({ lock, version, epoch, isInstalled }));
  rmSync(WORK, { recursive: true });
  writeSums();
  for (const name of filesOf(OUT)) say(describe(join(OUT, name)));
}

const ZSH = '/usr/share/zsh/site-functions/';
const ZSH_DEBIAN = '/usr/share/zsh/vendor-completions/';

/** A builder that this machine lacks is named, the rest is built. */
function made(program: string, name: string, build: (name: string) => void): void {
  const found = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
  if (found) build(name);
  else say(`no ${name}: the program "${program}" is missing (make setup)`);
}

/** The tree and the installer, unpacked into a folder that names itself. */
function buildTarball({ entries, epoch, version, work, output }: PackageOptions): void {
  stage(work, entries, epoch);
  copyFileSync(join(ROOT, 'packaging/install.sh'), join(work, 'install.sh'));
  settle(work, epoch);
  tarFolder(work, output, epoch, `lbctl-${version}`);
  gzipFile(output);
}

/** The time of what is built: the commit's, unless the caller says otherwise. */
function epochOf(): number {
  const named = Number(process.env.SOURCE_DATE_EPOCH);
  if (Number.isSafeInteger(named) && named > 0) return named;
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim());
}

/** Least of five: the start itself, not what else the machine does. */
function startMs(executable: string): number {
  const times = Array.from({ length: 5 }, () => {
    const before = performance.now();
    execFileSync(executable, ['version']);
    return performance.now() - before;
  });
  return Math.round(Math.min(...times));
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function writeSums(): void {
  const lines = filesOf(OUT).map((name) => `${sha256Of(join(OUT, name))}  ${name}\n`);
  writeFileSync(join(OUT, 'SHA256SUMS'), lines.join(''));
}

function describe(path: string): string {
  return `${path.slice(OUT.length + 1)}  ${(statSync(path).size / 1e6).toFixed(1)} MB`;
}

await main();
