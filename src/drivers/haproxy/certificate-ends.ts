// When the certificates end that HAProxy has loaded: one that nobody renews is served on, and its source is not read again.
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { PlaneCertificate } from '../../model/data-plane.ts';

interface Life {
  readonly stamp: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Ending extends PlaneCertificate {
  readonly fromMs: number;
}

export class CertificateEnds {
  readonly #known = new Map<string, Life>();

  /** By name, of our copies; one that cannot be read is left out. */
  of(copies: readonly (readonly [name: string, path: string])[]): readonly Ending[] {
    return copies.flatMap(([name, path]) => {
      const life = this.#lifeOf(path);
      return life === undefined ? [] : [{ name, fromMs: life.fromMs, untilMs: life.untilMs }];
    });
  }

  #lifeOf(path: string): Life | undefined {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const stamp = `${mtimeMs}/${size}/${ino}`;
      const known = this.#known.get(path);
      if (known?.stamp === stamp) return known;
      const { validFrom, validTo } = new X509Certificate(readFileSync(path));
      const life = { stamp, fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
      this.#known.set(path, life);
      return life;
    } catch {
      this.#known.delete(path);
      return undefined;
    }
  }
}

const SOON_MS = 14 * 86_400_000;

/** What an operator should know; of a certificate of few days only its last quarter is soon. */
export function endingNotes(certificates: readonly Ending[], nowMs: number): readonly string[] {
  return certificates.flatMap(({ name, fromMs, untilMs }) => {
    const day = new Date(untilMs).toISOString();
    if (untilMs <= nowMs)
      return [`certificate "${name}" expired at ${day}, and clients refuse it: renew its file`];
    if (untilMs - nowMs > Math.min(SOON_MS, (untilMs - fromMs) / 4)) return [];
    return [`certificate "${name}" ends at ${day}: renew its file, which is loaded by itself`];
  });
}
