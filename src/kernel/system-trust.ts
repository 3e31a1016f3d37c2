// The authorities that the machine trusts. Node brings a list of its own, which knows nothing of those that somebody added here.
import { readFileSync, statSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** One file with all of them: Debian and Alpine, RHEL, SUSE, others. `SSL_CERT_FILE` comes first, as for every OpenSSL program. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

interface Bundle {
  readonly path: string;
  readonly mtimeMs: number;
}

let known: Bundle | undefined;

/**
 * Connections of this thread that name no authorities trust those of the machine from now on, as they stand in its file now. Costs
 * a look at that file while it is as it was. Where there is none, or none that can be read, what was trusted before goes on.
 */
export function trustSystem(): void {
  try {
    const found = findBundle();
    if (found === undefined || (found.path === known?.path && found.mtimeMs === known.mtimeMs)) return;
    const certificates = readFileSync(found.path, 'latin1').match(CERTIFICATE) ?? [];
    known = found;
    if (certificates.length > 0) setDefaultCACertificates([...certificates, ...getCACertificates('extra')]);
  } catch {
    // A file that is being written is another one in a moment, and read then; one that cannot be read is tried next time.
  }
}

function findBundle(): Bundle | undefined {
  const named = process.env.SSL_CERT_FILE;
  for (const path of named ? [named, ...BUNDLES] : BUNDLES) {
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs !== undefined) return { path, mtimeMs };
  }
  return undefined;
}
