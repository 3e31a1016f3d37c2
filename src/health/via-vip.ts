// Which probe goes to a VIP by which mark, and what stands in the way of it. Marks stay with their path through reloads.
import { PROBE_MARK_COUNT, PROBE_MARKS, type ProbePath } from '../kernel/probe-paths.ts';
import type { Probe } from './probe.ts';

/** Puts paths into the kernel; what stands in the way comes back by mark. */
export interface PathPort {
  set(paths: readonly ProbePath[]): Promise<ReadonlyMap<number, string>>;
  close(): Promise<void>;
}

const NO_WAY = 'Cannot send the probe to the VIP at the member';

export class ViaVip {
  readonly #port: PathPort;
  #paths: ReadonlyMap<string, ProbePath> = new Map();
  #faults: ReadonlyMap<number, string> = new Map();

  constructor(port: PathPort) {
    this.#port = port;
  }

  /** Asks the kernel only when paths came or went. */
  async set(probes: Iterable<Probe>): Promise<void> {
    const paths = allocate(probes, this.#paths);
    const isSame = paths.size === this.#paths.size && [...paths.keys()].every((key) => this.#paths.has(key));
    if (isSame && this.#faults.size === 0) return;
    this.#paths = paths;
    this.#faults = await this.#port.set([...paths.values()]);
  }

  /** The mark of a probe, or why it cannot go: going another way it would tell of something else. */
  of(probe: Probe): { readonly mark?: number; readonly fault?: string } | undefined {
    if (probe.via === undefined) return undefined;
    if (probe.via.fault !== undefined) return { fault: `${NO_WAY}: ${probe.via.fault}` };
    const path = this.#paths.get(keyOf(probe.address, probe.via));
    if (path === undefined) return { fault: 'Cannot send the probe to the VIP: there are too many of them' };
    const fault = this.#faults.get(path.mark);
    return fault === undefined ? { mark: path.mark } : { fault: `${NO_WAY}: ${fault}` };
  }

  /** Whether anything stands in the way of some path. */
  get faulty(): boolean {
    return this.#faults.size > 0;
  }

  close(): Promise<void> {
    return this.#port.close();
  }
}

function keyOf(member: string, via: NonNullable<Probe['via']>): string {
  return `${via.how} ${member} ${via.vip}`;
}

function allocate(
  probes: Iterable<Probe>,
  known: ReadonlyMap<string, ProbePath>,
): ReadonlyMap<string, ProbePath> {
  const paths = new Map<string, ProbePath>();
  const used = new Set([...known.values()].map(({ mark }) => mark));
  for (const { via, address } of probes) {
    if (via === undefined || via.fault !== undefined) continue;
    const key = keyOf(address, via);
    if (paths.has(key)) continue;
    const mark = known.get(key)?.mark ?? freeMark(PROBE_MARKS[via.how], used);
    if (mark === undefined) continue;
    used.add(mark);
    paths.set(key, { mark, how: via.how, member: address, vip: via.vip });
  }
  return paths;
}

/** Undefined when all are taken. */
function freeMark(base: number, used: ReadonlySet<number>): number | undefined {
  for (let mark = base + 1; mark < base + PROBE_MARK_COUNT; mark++) if (!used.has(mark)) return mark;
  return undefined;
}
