// Certificates and TLS settings, towards clients and towards members.
import type { Secret } from '../lib/secret.ts';

export const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

export interface Certificate {
  readonly name: string;
  /** PEM file with the chain; the key may stand in the same file. */
  readonly certificateFile?: string;
  readonly keyFile?: string;
  /** PEM text from the API instead of files. */
  readonly certificatePem?: string;
  readonly keyPem?: Secret;
}

export interface ListenerTls {
  /** Certificate names; the first is the default one, the others are chosen by SNI. */
  readonly certificates: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL cipher list for 1.2 and below. */
  readonly ciphers?: string;
  readonly ciphersuites?: string;
  readonly alpn: readonly string[];
  readonly clientAuth: 'none' | 'optional' | 'required';
  readonly clientCa?: string;
  readonly clientCrl?: string;
  readonly hsts?: {
    readonly maxAgeSeconds: number;
    readonly includeSubdomains: boolean;
    readonly preload: boolean;
  };
}

export interface PoolTls {
  readonly verify: boolean;
  readonly ca?: string;
  readonly crl?: string;
  /** Name of a certificate shown to members. */
  readonly certificate?: string;
  readonly sni?: string;
  readonly minVersion?: TlsVersion;
  readonly ciphers?: string;
  readonly alpn: readonly string[];
}
