// Looks at the whole table without reading all of it: services whose text in /proc/net/ip_vs is as it was are taken from the
// last reading. What that text does not show (thresholds, tunnel parameters, scheduler flags) is read anew for a few services
// each time, one after another, so that a strange hand on those is noticed once all had their turn.

import { isDeepStrictEqual } from 'node:util';
import { formatServiceKey } from '../../kernel/netlink/ipvs-text.ts';
import type { IpvsPort, IpvsTableEntry } from '../../kernel/ports.ts';
import { keysOfHeader, type ProcService, readProcIpVs, rowPrefix, rowsOf } from '../../wire/proc-ip-vs.ts';

/** Services read anew in a look although their text is as it was: 10,000 have all had their turn after 157 looks. */
export const ANEW = 64;
/** Above this share of changed services one dump of all is cheaper than asking for each. */
const FEW = 0.25;

interface Known {
  readonly entry: IpvsTableEntry;
  readonly prefixes: readonly string[];
  /** The destinations' text of the last look: while even the counts of connections rest, one comparison is enough. */
  body: string;
}

export class TableCache {
  readonly #ipvs: IpvsPort;
  /** By the header line; marks, whose header does not tell the family, are never kept. */
  #known = new Map<string, Known>();
  readonly #dirty = new Set<string>();
  /** The service whose turn is next. */
  #turn = 0;
  #table: readonly IpvsTableEntry[] = [];

  constructor(ipvs: IpvsPort) {
    this.#ipvs = ipvs;
  }

  /** What we have changed ourselves is read anew: it may be a field that the text does not show. */
  forget(kernelKey: string): void {
    this.#dirty.add(kernelKey);
  }

  /** The very same value as last time where nothing has changed. */
  async read(): Promise<readonly IpvsTableEntry[]> {
    // Taken before the rows are read: what changes in between shows as a difference next time.
    const text = this.#ipvs.procText();
    if (text === undefined) return this.#ipvs.table(false);
    const services = readProcIpVs(text);
    const stale = new Set<string>();
    services.forEach((service, index) => {
      const hasTurn = index >= this.#turn && index < this.#turn + ANEW;
      if (!this.#isKnown(service) || hasTurn) stale.add(service.header);
    });
    this.#turn = this.#turn + ANEW >= services.length ? 0 : this.#turn + ANEW;
    const next = new Map<string, Known>();
    if (stale.size > Math.max(ANEW, services.length * FEW)) await this.#readAll(services, next);
    else this.#readSome(services, stale, next);
    this.#dirty.clear();
    this.#known = next;
    const table = Array.from(next.values(), ({ entry }) => entry);
    const isSame = table.length === this.#table.length && table.every((entry, i) => entry === this.#table[i]);
    if (!isSame) this.#table = table;
    return this.#table;
  }

  #isKnown({ header, body }: ProcService): boolean {
    const known = this.#known.get(header);
    if (known === undefined) return false;
    if (this.#dirty.size > 0 && this.#dirty.has(formatServiceKey(known.entry.service.key))) return false;
    const looksSame = known.body === body || hasPrefixes(rowsOf(body), known.prefixes);
    // A part of a text keeps the whole in memory: of the last one only.
    known.body = body;
    return looksSame;
  }

  async #readAll(services: readonly ProcService[], next: Map<string, Known>): Promise<void> {
    const byKey = new Map<string, ProcService>();
    for (const service of services)
      for (const key of keysOfHeader(service.header)) byKey.set(formatServiceKey(key), service);
    for (const entry of await this.#ipvs.table(false)) {
      const key = formatServiceKey(entry.service.key);
      const service = byKey.get(key);
      next.set(cacheKeyOf(service?.header ?? key, entry), toKnown(entry, service?.body ?? ''));
    }
  }

  #readSome(services: readonly ProcService[], stale: ReadonlySet<string>, next: Map<string, Known>): void {
    for (const { header, body } of services) {
      const known = this.#known.get(header);
      if (known !== undefined && !stale.has(header)) {
        next.set(header, known);
        continue;
      }
      for (const key of keysOfHeader(header)) {
        const entry = this.#ipvs.entry(key);
        if (entry === undefined) continue;
        const cacheKey = cacheKeyOf(header, entry);
        const last = this.#known.get(cacheKey);
        if (last !== undefined && isDeepStrictEqual(entry, last.entry)) next.set(cacheKey, last);
        else next.set(cacheKey, toKnown(entry, body));
      }
    }
  }
}

function hasPrefixes(rows: readonly string[], prefixes: readonly string[]): boolean {
  return rows.length === prefixes.length && prefixes.every((prefix, i) => rows[i]!.startsWith(prefix));
}

/** A mark gets a key of its own, which no header equals, so that the text is never taken for the whole truth about it. */
function cacheKeyOf(header: string, { service }: IpvsTableEntry): string {
  return service.key.kind === 'mark' ? formatServiceKey(service.key) : header;
}

function toKnown(entry: IpvsTableEntry, body: string): Known {
  return { entry, prefixes: rowsOf(body).map(rowPrefix), body };
}
