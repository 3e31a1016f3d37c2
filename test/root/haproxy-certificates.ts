// Test certificates made by openssl: a CA, leaves it signed, and a list of what it took back.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustSync } from '../../lab/process.ts';
import type { Certificate } from '../../src/model/tls.ts';

export interface Pem {
  readonly certificate: string;
  readonly key: string;
}

/** As a configuration names it. */
export function named(name: string, pem: Pem): Certificate {
  return { name, certificateFile: pem.certificate, keyFile: pem.key };
}

export class TestCa {
  readonly folder: string;
  readonly ca: Pem;

  constructor(folder: string) {
    this.folder = folder;
    writeFileSync(
      join(folder, 'ca.cnf'),
      `[ca]\ndefault_ca = own\n[own]\ndatabase = ${folder}/index.txt\nserial = ${folder}/serial\nnew_certs_dir = ${folder}
default_md = sha256\npolicy = any\ndefault_crl_days = 30\nunique_subject = no\n[any]\ncommonName = supplied\n`,
    );
    writeFileSync(join(folder, 'index.txt'), '');
    writeFileSync(join(folder, 'serial'), '01\n');
    this.ca = this.#files('ca');
    this.#openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=test CA',
      ],
      ...['-keyout', this.ca.key, '-out', this.ca.certificate, '-days', '30'],
    );
  }

  /** `days` below zero makes one that has expired. */
  issue(name: string, hosts: readonly string[] = [name], days = 10): Pem {
    const files = this.#files(name);
    const request = join(this.folder, `${name}.csr`);
    const extensions = join(this.folder, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName = ${hosts.map((host) => `DNS:${host}`).join(',')}\n`);
    this.#openssl(
      ...[
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        `/CN=${name}`,
      ],
      ...['-keyout', files.key, '-out', request],
    );
    const validity =
      days >= 0 ? ['-days', String(days)] : ['-startdate', '200101000000Z', '-enddate', '200201000000Z'];
    this.#openssl(
      ...['ca', '-batch', '-notext', '-config', join(this.folder, 'ca.cnf'), '-cert', this.ca.certificate],
      ...[
        '-keyfile',
        this.ca.key,
        '-in',
        request,
        '-out',
        files.certificate,
        '-extfile',
        extensions,
        ...validity,
      ],
    );
    return files;
  }

  /** Readable, of 512 bits: OpenSSL lets nobody use it. */
  weak(name: string): Pem {
    const files = this.#files(name);
    const words = ['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-subj', `/CN=${name}`, '-days', '30'];
    this.#openssl(...words, '-keyout', files.key, '-out', files.certificate);
    return files;
  }

  revoke(pem: Pem): void {
    this.#ca('-revoke', pem.certificate);
  }

  crl(): string {
    const file = join(this.folder, 'ca.crl');
    this.#ca('-gencrl', '-out', file);
    return file;
  }

  #ca(...args: readonly string[]): void {
    const own = [
      '-config',
      join(this.folder, 'ca.cnf'),
      '-cert',
      this.ca.certificate,
      '-keyfile',
      this.ca.key,
    ];
    this.#openssl('ca', '-batch', ...own, ...args);
  }

  #files(name: string): Pem {
    return { certificate: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
  }

  #openssl(...args: readonly string[]): void {
    mustSync(['openssl', ...args]);
  }
}
