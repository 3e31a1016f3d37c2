// Looks at the whole table without reading all of it: services whose text in /proc/net/ip_vs is as it was are taken from the
// last reading. What that text does not show (thresholds, tunnel parameters, scheduler flags) is read anew for a share of the
// services each time, so that a strange hand on those is noticed within ROUNDS looks.

import { formatServiceKey } from '../../kernel/netlink/ipvs-text.ts';
import type { IpvsPort, IpvsTableEntry } from '../../kernel/ports.ts';
import { keysOfHeader, type ProcService, readProcIpVs, rowPrefix } from '../../wire/proc-ip-vs.ts';

export const ROUNDS = 64;
/** Above this share of changed services one dump of all is cheaper than asking for each. */
const FEW = 0.25;

interface Known {
  readonly entry: IpvsTableEntry;
  readonly prefixes: readonly string[];
}

export class TableCache {
  readonly #ipvs: IpvsPort;
  /** By the header line; marks, whose header does not tell the family, are never kept. */
  #known = new Map<string, Known>();
  readonly #dirty = new Set<string>();
  #round = 0;

  constructor(ipvs: IpvsPort) {
    this.#ipvs = ipvs;
  }

  /** What we have changed ourselves is read anew: it may be a field that the text does not show. */
  forget(kernelKey: string): void {
    this.#dirty.add(kernelKey);
  }

  async read(): Promise<readonly IpvsTableEntry[]> {
    // Taken before the rows are read: what changes in between shows as a difference next time.
    const text = this.#ipvs.procText();
    if (text === undefined) return this.#ipvs.table(false);
    const services = readProcIpVs(text);
    this.#round = (this.#round + 1) % ROUNDS;
    const stale = new Set<string>();
    services.forEach((service, index) => {
      if (!this.#isKnown(service, index)) stale.add(service.header);
    });
    const next = new Map<string, Known>();
    if (stale.size > Math.max(ROUNDS, services.length * FEW)) await this.#readAll(services, next);
    else this.#readSome(services, stale, next);
    this.#dirty.clear();
    this.#known = next;
    return [...next.values()].map(({ entry }) => entry);
  }

  #isKnown({ header, rows }: ProcService, index: number): boolean {
    const known = this.#known.get(header);
    if (known === undefined || index % ROUNDS === this.#round) return false;
    if (known.prefixes.length !== rows.length) return false;
    if (this.#dirty.size > 0 && this.#dirty.has(formatServiceKey(known.entry.service.key))) return false;
    return known.prefixes.every((prefix, i) => rows[i]!.startsWith(prefix));
  }

  async #readAll(services: readonly ProcService[], next: Map<string, Known>): Promise<void> {
    const byKey = new Map<string, ProcService>();
    for (const service of services)
      for (const key of keysOfHeader(service.header)) byKey.set(formatServiceKey(key), service);
    for (const entry of await this.#ipvs.table(false)) {
      const key = formatServiceKey(entry.service.key);
      const service = byKey.get(key);
      keep(next, service?.header ?? key, entry, service?.rows.map(rowPrefix) ?? []);
    }
  }

  #readSome(services: readonly ProcService[], stale: ReadonlySet<string>, next: Map<string, Known>): void {
    for (const { header, rows } of services) {
      const known = this.#known.get(header);
      if (known !== undefined && !stale.has(header)) {
        next.set(header, known);
        continue;
      }
      for (const key of keysOfHeader(header)) {
        const entry = this.#ipvs.entry(key);
        if (entry !== undefined) keep(next, header, entry, rows.map(rowPrefix));
      }
    }
  }
}

function keep(
  next: Map<string, Known>,
  header: string,
  entry: IpvsTableEntry,
  prefixes: readonly string[],
): void {
  const isMark = entry.service.key.kind === 'mark';
  // A key of its own, which no header equals, so that it is never found again.
  next.set(isMark ? formatServiceKey(entry.service.key) : header, { entry, prefixes });
}
