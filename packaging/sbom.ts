// The bill of materials (CycloneDX 1.6) of what the executable carries: our npm packages at run time, and Node itself.
import { createHash } from 'node:crypto';

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly license?: string;
  readonly integrity?: string;
}

export interface PackageLock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface SbomOptions {
  readonly lock: PackageLock;
  readonly version: string;
  /** Seconds. */
  readonly epoch: number;
  /** A package of another platform is in the lock and not in the executable. */
  readonly isInstalled: (path: string) => boolean;
}

export function sbom({ lock, version, epoch, isInstalled }: SbomOptions): string {
  const components = Object.entries(lock.packages)
    .filter(([path, one]) => path !== '' && one.dev !== true && one.devOptional !== true && isInstalled(path))
    .map(([path, one]) => componentOf(path.slice(path.lastIndexOf('node_modules/') + 13), one))
    .sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1))
    .filter((one, at, all) => one['bom-ref'] !== all[at - 1]?.['bom-ref']);
  const body = {
    version: 1,
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': `pkg:generic/lbctl@${version}`,
        name: 'lbctl',
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components,
    dependencies: [
      { ref: `pkg:generic/lbctl@${version}`, dependsOn: components.map((one) => one['bom-ref']) },
    ],
  };
  // The same parts have the same number: it is made of them.
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(body))}`;
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber, ...body }, null, 2)}\n`;
}

function componentOf(name: string, { version = '', license, integrity }: LockedPackage) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const hash = integrity === undefined ? undefined : /^sha512-(.+)$/.exec(integrity)?.[1];
  return {
    type: name === 'node' ? 'platform' : 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(hash === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] }),
  };
}

/** Version 8 of RFC 9562: 122 bits of our own making. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
