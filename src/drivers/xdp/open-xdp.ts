// Opens the data plane on this machine: object, tables, interfaces, driver; and tells whether that is possible at all.
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { libbpf } from '../../kernel/bpf/libbpf.ts';
import { tickNs } from '../../kernel/bpf/libc.ts';
import type { AttachMode } from '../../kernel/bpf/link.ts';
import type { BpfMap } from '../../kernel/bpf/map.ts';
import { TestRun } from '../../kernel/bpf/test-run.ts';
import { ownCapabilities } from '../../kernel/system/capabilities.ts';
import { whyOf } from '../../model/errors.ts';
import type { EngineFact } from '../../model/facts.ts';
import { Attachments, type AttachResult } from './attachments.ts';
import { XdpFlows } from './flows/xdp-flows.ts';
import { tableSizes, type XdpLimits } from './limits.ts';
import { linkNotes } from './link-notes.ts';
import { startPorts } from './nat-start.ts';
import { Plane } from './plane.ts';
import { DEFAULT_FOLDER, XdpProgram } from './program.ts';
import { clockOf, DEFAULT_SETTINGS, type PlaneSettings, writeSettings } from './settings.ts';
import { Surroundings } from './surroundings.ts';
import { tablesOf } from './tables.ts';
import { XdpDriver } from './xdp-driver.ts';

/** What a configuration read later may change. */
export interface XdpWishes {
  readonly interfaces: readonly string[];
  readonly attach: 'auto' | AttachMode;
  readonly limits: XdpLimits;
}

export interface OpenXdpOptions extends XdpWishes {
  readonly objectPath: string;
  readonly settings?: Partial<PlaneSettings>;
  /** Root of the pins. */
  readonly folder?: string;
  readonly owner?: number;
}

export interface OpenXdp {
  readonly driver: XdpDriver;
  readonly interfaces: readonly AttachResult[];
  /** For a reader of status: limits that wait for new tables. */
  readonly notes: readonly string[];
  /** With the next observation it goes to other interfaces; other limits wait for new tables, and the notes say so. */
  readonly adjust: (wishes: XdpWishes) => void;
}

/** The cure: limits are the sizes of kernel tables, which cannot change while flows are in them. */
const REMAKE = '"lbctl disable" and a start of the daemon make it anew, and forget all flows';

/** Rows of ours in the tables; "STYD" as a number. */
const OWNER = 0x5354_5944;

/** Below the second after which a daemon looks again by itself: each of those looks reads all addresses. */
const TRUST_MS = 900;

export function openXdp(options: OpenXdpOptions): OpenXdp {
  const program = new XdpProgram(options.objectPath, options.folder ?? DEFAULT_FOLDER);
  const object = program.load(tableSizes(options.limits));
  const surroundings = new Surroundings();
  try {
    const map = (name: string) => object.map(name);
    const clock = clockOf(tickNs());
    const settingsFor = (interfaces: readonly string[]): PlaneSettings => ({
      ...DEFAULT_SETTINGS,
      ...ownOf(surroundings, interfaces[0]),
      redirects: interfaces.some((name) => surroundings.linkOf(name)?.type === 'veth'),
      ...options.settings,
    });
    let names = options.interfaces;
    let settings = settingsFor(names);
    writeSettings(map('config').memory(), settings, clock);
    startPorts(map('nat_cursor'), map('config').memory());
    const clockRun = new TestRun(object.program('steelyard_clock'));
    const probe = new Uint8Array(64);
    const tick = () => clockRun.run(probe).verdict;
    const plane = new Plane({
      map,
      tick,
      ...clock,
      seed: settings.seed[0],
      owner: options.owner ?? OWNER,
      hopOf: (address) => surroundings.hopOf(address),
      isOwn: (address) => surroundings.isOwn(address),
    });
    const attachments = new Attachments(
      { names: options.interfaces, mode: options.attach },
      { program, object, indexOf: (name) => surroundings.linkOf(name)?.index },
    );
    let notes = notesOf(map, options.limits);
    let ofLinks: readonly string[] = [];
    const driver = new XdpDriver({
      plane,
      tables: tablesOf(map, tick, {
        trustMs: TRUST_MS,
        close() {
          surroundings.close();
          object.close();
        },
      }),
      flows: new XdpFlows({
        map,
        tick,
        nowMs: () => performance.now(),
        entries: () => plane.entries,
        hopOf: (address) => surroundings.hopOf(address),
        ask: (unknown) => void surroundings.ask(unknown),
      }),
      lookAround() {
        surroundings.lookAgain();
        // Before a new interface is attached: from veth frames must leave by redirect. One that was missing may be there now.
        const now = settingsFor(names);
        if (isOther(now, settings)) writeSettings(map('config').memory(), now, clock);
        settings = now;
        attachments.look();
        ofLinks = linkNotes(plane.memberLinks(), attachments.results, surroundings.links());
      },
      askNeighbours: (unknown) => void surroundings.ask(unknown),
      about: () => ({ interfaces: attachments.state(), notes: [...notes, ...ofLinks] }),
      removeAll: () => program.remove(),
    });
    const adjust = (wishes: XdpWishes) => {
      names = wishes.interfaces;
      notes = notesOf(map, wishes.limits);
      attachments.want({ names: wishes.interfaces, mode: wishes.attach });
      driver.lookSoon();
    };
    return { driver, interfaces: attachments.results, notes, adjust };
  } catch (error) {
    surroundings.close();
    object.close();
    throw error;
  }
}

/** Limits that the tables do not have: they keep their size while flows are in them. */
function notesOf(map: (name: string) => BpfMap, limits: XdpLimits): readonly string[] {
  return Object.entries(tableSizes(limits)).flatMap(([table, wanted]) => {
    const actual = map(table).maxEntries;
    return wanted === actual
      ? []
      : `table "${table}" keeps ${actual} rows; ${wanted} are configured: ${REMAKE}`;
  });
}

/** In what the interfaces decide. */
function isOther(a: PlaneSettings, b: PlaneSettings): boolean {
  return a.own4 !== b.own4 || a.own6 !== b.own6 || a.redirects !== b.redirects;
}

function ownOf(surroundings: Surroundings, name: string | undefined) {
  const link = name === undefined ? undefined : surroundings.linkOf(name);
  return link === undefined ? {} : surroundings.ownAddresses(link.index);
}

/** The oldest kernel that has all the program asks for: bounded loops, atomics with fetch, bpf_timer's siblings. */
const OLDEST: readonly [number, number] = [5, 15];

/** Whether this machine can run the XDP engine, without trying. */
export function xdpFact(objectPath: string): EngineFact {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return { available: false, why: `Linux 5.15 or newer is needed, this is ${release()}` };
  if (!existsSync(objectPath))
    return { available: false, why: `its program is not built: ${objectPath} is missing` };
  try {
    libbpf();
  } catch (error) {
    return { available: false, why: whyOf(error) };
  }
  const has = ownCapabilities();
  // CAP_SYS_ADMIN stands for those two that were a part of it.
  const stands = has.includes('sys_admin') ? ['bpf', 'perfmon'] : [];
  const missing = ['bpf', 'net_admin', 'perfmon'].filter((name) => ![...has, ...stands].includes(name));
  if (missing.length === 0) return { available: true };
  const names = missing.map((name) => `CAP_${name.toUpperCase()}`).join(', ');
  return {
    available: false,
    why: `${names} is missing. Run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON`,
  };
}
