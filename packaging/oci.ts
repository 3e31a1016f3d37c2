// An OCI image layout: the tree and the libraries it is linked with in one layer on nothing, ready for podman or skopeo.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipFile, sha256Of, tarFolder } from './archive.ts';
import { DEB_ARCH, type PackageOptions } from './deb.ts';
import { settle, stage } from './stage.ts';

/** Loaded by name at run time, so that no linker lists them: libbpf for the XDP program. */
const LOADED_LATER = ['libbpf.so.1'];

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export function buildOci(options: PackageOptions): void {
  const { entries, version, arch, epoch, work, output } = options;
  const tree = join(work, 'tree');
  const executable = entries.find((entry) => entry.path === '/usr/bin/lbctl')!;
  stage(tree, entries, epoch);
  if (!('file' in executable.content)) throw new Error('The executable must be a file');
  addLibraries(tree, executable.content.file);
  // Check scripts and children find a place for temporary files.
  for (const folder of ['tmp', 'run', 'proc', 'sys', 'dev'])
    mkdirSync(join(tree, folder), { recursive: true });
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/:/usr/sbin/nologin\n');
  settle(tree, epoch);

  rmSync(output, { recursive: true, force: true });
  const blobs = join(output, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const layerTar = join(work, 'layer.tar');
  tarFolder(tree, layerTar, epoch);
  const diffId = `sha256:${sha256Of(layerTar)}`;
  const layer = keepFile(blobs, gzipFile(layerTar), 'application/vnd.oci.image.layer.v1.tar+gzip');
  const created = new Date(epoch * 1000).toISOString();
  const config = keepJson(blobs, 'application/vnd.oci.image.config.v1+json', {
    created,
    architecture: DEB_ARCH[arch] ?? arch,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      Entrypoint: ['/usr/bin/lbctl'],
      Cmd: ['daemon'],
      WorkingDir: '/',
      StopSignal: 'SIGTERM',
      Labels: { 'org.opencontainers.image.title': 'lbctl', 'org.opencontainers.image.version': version },
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, created_by: `lbctl ${version}` }],
  });
  const manifest = keepJson(blobs, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: [layer],
  });
  writeFileSync(join(output, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}\n');
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...manifest,
        platform: { architecture: DEB_ARCH[arch] ?? arch, os: 'linux' },
        annotations: { 'org.opencontainers.image.ref.name': version },
      },
    ],
  };
  writeFileSync(join(output, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
}

/** Where this machine has them, so that the loader's own paths find them. */
function addLibraries(tree: string, executable: string): void {
  const seen = new Set<string>();
  const wanted = [...librariesOf(executable), ...LOADED_LATER.flatMap(whereIs)];
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    wanted.push(...librariesOf(path));
    const target = join(tree, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(realpathSync(path), target);
  }
  // The kernel looks for the loader under /lib or /lib64, which Debian and RHEL make links into /usr.
  for (const folder of ['lib', 'lib64']) {
    const path = join(tree, 'usr', folder);
    mkdirSync(path, { recursive: true });
    symlinkSync(`usr/${folder}`, join(tree, folder));
  }
}

function librariesOf(file: string): string[] {
  const text = execFileSync('ldd', [file], { encoding: 'utf8' });
  return text
    .split('\n')
    .flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
    .map((path) => path.replace(/^\/lib/, '/usr/lib'));
}

function whereIs(library: string): string[] {
  const text = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const line = text.split('\n').find((one) => one.trim().startsWith(`${library} `));
  const path = line?.split('=> ')[1];
  return path === undefined ? [] : [path.replace(/^\/lib/, '/usr/lib')];
}

function keepFile(blobs: string, path: string, mediaType: string): Descriptor {
  const digest = sha256Of(path);
  const { size } = statSync(path);
  renameSync(path, join(blobs, basename(digest)));
  return { mediaType, digest: `sha256:${digest}`, size };
}

function keepJson(blobs: string, mediaType: string, value: unknown): Descriptor {
  const text = JSON.stringify(value);
  const digest = createHash('sha256').update(text).digest('hex');
  writeFileSync(join(blobs, digest), text);
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
}
