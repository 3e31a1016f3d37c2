// Whether this machine has a HAProxy that can carry our listeners, what it was built with, and the driver on it.
import { spawnSync } from 'node:child_process';
import type { EngineFact } from '../../model/facts.ts';
import { HaproxyDriver, type HaproxyOptions } from './haproxy-driver.ts';

export interface HaproxyFeatures {
  /** `2.6.12-1+deb12u4` */
  readonly version: string;
  readonly openssl: boolean;
  readonly quic: boolean;
  /** QUIC over a TLS library that was not made for it: without 0-RTT, and only where it is asked for. */
  readonly limitedQuic: boolean;
  readonly pcre: boolean;
  readonly prometheus: boolean;
}

/** Members come and go through the socket without an experimental mode, and hashes take expressions, from here on. */
const OLDEST = [2, 6] as const;
const TIMEOUT_MS = 5000;

export function probeHaproxy(binary: string): EngineFact & { readonly features?: HaproxyFeatures } {
  const ran = spawnSync(binary, ['-vv'], { encoding: 'utf8', timeout: TIMEOUT_MS });
  if (ran.error !== undefined || ran.status !== 0) {
    const why = (ran.error as NodeJS.ErrnoException | undefined)?.code ?? `it ended with ${ran.status}`;
    return { available: false, why: `${binary} does not run: ${why}` };
  }
  const features = readFeatures(ran.stdout);
  if (features === undefined) return { available: false, why: `${binary} tells no version` };
  const lack = lackOf(features);
  return lack === undefined
    ? { available: true, features }
    : { available: false, why: `${binary} ${features.version} ${lack}`, features };
}

export function readFeatures(text: string): HaproxyFeatures | undefined {
  const version = /^HA-?Proxy version (\S+)/im.exec(text)?.[1];
  if (version === undefined) return undefined;
  const list = new Set((/^Feature list : (.*)$/m.exec(text)?.[1] ?? '').split(' '));
  return {
    version,
    openssl: list.has('+OPENSSL') || list.has('+OPENSSL_AWSLC'),
    quic: list.has('+QUIC'),
    limitedQuic: list.has('+QUIC_OPENSSL_COMPAT'),
    pcre: list.has('+PCRE2') || list.has('+PCRE'),
    prometheus: list.has('+PROMEX'),
  };
}

function lackOf({ version, openssl }: HaproxyFeatures): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return `is too old: ${OLDEST.join('.')} or newer is needed`;
  return openssl ? undefined : 'was built without TLS';
}

/** Why a listener of it cannot speak HTTP/3, or undefined. */
export function noQuicReason({ version, quic }: HaproxyFeatures): string | undefined {
  return quic ? undefined : `HAProxy ${version} was built without QUIC`;
}

export interface OpenOptions
  extends Pick<HaproxyOptions, 'binary' | 'maxConnections' | 'threads' | 'supervise'> {
  /** The product's run directory; ours is a folder in it. */
  readonly runDir: string;
  /** As probed. */
  readonly features: HaproxyFeatures;
}

/** Below the second after which a daemon looks again by itself: each of those looks is a whole one. */
const TRUST_MS = 900;

/** Opening touches nothing: files and the process come with the first step applied. */
export function openHaproxy({ runDir, features, ...options }: OpenOptions): HaproxyDriver {
  const noQuic = noQuicReason(features);
  return new HaproxyDriver({
    ...options,
    runDir: `${runDir}/haproxy`,
    ...(noQuic === undefined ? {} : { noQuic }),
    ...(features.quic && features.limitedQuic ? { limitedQuic: true } : {}),
    ...(options.supervise === true ? { trustMs: TRUST_MS } : {}),
  });
}
