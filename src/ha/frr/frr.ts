// FRR beside us: its bgpd and bfdd get our part of their configuration, and bfdd tells when a session changes.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pollBfd } from '../../kernel/bfd-poll.ts';
import { type BfdWatch, watchBfd } from '../../kernel/bfd-watch.ts';
import type { Clock } from '../../lib/clock.ts';
import { canonicalIp } from '../../lib/ip.ts';
import type { BfdSession, Bgp } from '../../model/ha.ts';
import type { Announcement } from '../../model/ha-status.ts';
import type { BfdNotice } from '../../wire/bfd-control.ts';
import { bfdConfig, bfdOwnership, peerLine } from '../bfd/bfd-config.ts';
import { SessionLooks, type SessionLooksOptions } from '../bfd/session-looks.ts';
import { bgpConfig, bgpOwnership, peersOf } from '../bgp/bgp-config.ts';
import { type ConfigTree, node } from './config-tree.ts';
import { FrrDaemon } from './frr-daemon.ts';

export interface FrrOptions extends Pick<SessionLooksOptions, 'route' | 'neighbours'> {
  /** Where the vty sockets are: `/var/run/frr`. */
  readonly dir: string;
  readonly clock: Clock;
  /** A session by its name in the configuration. */
  onBfd(session: string, up: boolean): void;
  /** Since when a peer is heard that does not hear us; undefined where there is none. */
  onHeard(session: string, sinceMs: number | undefined): void;
  /** Whether bfdd is there; false also where it never was. One that refuses a line, or is slow to answer, is there. */
  onWatch(works: boolean): void;
  onTrouble(what: string, detail: string): void;
  onNote(detail: string): void;
  /** FRR has everything it should have. */
  onWell(): void;
}

export interface FrrWanted {
  readonly bgp?: Bgp;
  readonly vips: readonly string[];
  readonly announced: readonly Announcement[];
  readonly bfd: readonly BfdSession[];
  /** Those of them that watch the other nodes. */
  readonly watch: readonly BfdSession[];
  /** By name. */
  readonly bfdHeld: ReadonlySet<string>;
}

export interface BgpPeerStatus {
  readonly peer: string;
  readonly state: string;
  readonly prefixesSent: number;
  readonly upMs: number;
}

const RETRY_MS = 1000;

export class Frr {
  readonly #options: FrrOptions;
  readonly #bgpd: FrrDaemon;
  readonly #bfdd: FrrDaemon;
  readonly #looks: SessionLooks;
  readonly #ourBfdPeers = new Set<string>();
  readonly #ourBgpPeers = new Set<string>();
  #bgpAs: number | undefined;
  #wanted: FrrWanted | undefined;
  #done: FrrWanted | undefined;
  #working: Promise<void> | undefined;
  #watch: BfdWatch | undefined;
  #trouble: string | undefined;
  #cancelRetry: () => void = () => {};
  #closed = false;

  constructor(options: FrrOptions) {
    this.#options = options;
    this.#bgpd = new FrrDaemon(join(options.dir, 'bgpd.vty'));
    this.#bfdd = new FrrDaemon(join(options.dir, 'bfdd.vty'));
    this.#looks = new SessionLooks(join(options.dir, 'bfdd.vty'), {
      ...options,
      onState: (peer, up) => this.#hear(peer, up),
      onHeard: (peer, sinceMs) => {
        const session = this.#sessionOf(peer);
        if (session !== undefined) options.onHeard(session, sinceMs);
      },
    });
  }

  /** Resolves when FRR has been told, or refused; a refusal is told as trouble and tried again. */
  apply(wanted: FrrWanted): Promise<void> {
    this.#wanted = wanted;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Commands that changed FRR's configuration since the start. */
  get sent(): number {
    return this.#bgpd.sent + this.#bfdd.sent;
  }

  /** Routes to VIPs that bgpd took last. */
  get announced(): readonly Announcement[] {
    return this.#done?.bgp === undefined ? [] : this.#done.announced;
  }

  async peers(): Promise<readonly BgpPeerStatus[]> {
    const summary = await this.#bgpd.show('show bgp summary json');
    if (typeof summary !== 'object' || summary === null) return [];
    return Object.values(
      summary as Record<string, { peers?: Record<string, Record<string, unknown>> }>,
    ).flatMap((family) =>
      Object.entries(family.peers ?? {}).map(([peer, row]) => ({
        peer,
        state: String(row.state ?? 'unknown'),
        prefixesSent: Number(row.pfxSnt ?? 0),
        upMs: Number(row.peerUptimeMsec ?? 0),
      })),
    );
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry();
    this.#watch?.close();
    this.#bgpd.close();
    this.#bfdd.close();
    this.#looks.close();
  }

  async #work(): Promise<void> {
    while (this.#wanted !== undefined && this.#done !== this.#wanted && !this.#closed) {
      const wanted = this.#wanted;
      try {
        await this.#tellBfd(wanted);
        await this.#tellBgp(wanted);
        this.#done = wanted;
        this.#trouble = undefined;
        this.#options.onWell();
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        if (this.#trouble !== detail) this.#options.onTrouble('frr', detail);
        this.#trouble = detail;
        this.#cancelRetry();
        this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => void this.apply(this.#wanted!));
        return;
      }
    }
  }

  async #tellBfd(wanted: FrrWanted): Promise<void> {
    if (wanted.bfd.length === 0 && this.#ourBfdPeers.size === 0) return;
    const ofBgp = new Set(wanted.bgp?.peers.flatMap((peer) => (peer.bfd === undefined ? [] : [peer.bfd])));
    for (const one of wanted.bfd) this.#ourBfdPeers.add(peerLine(one));
    if (this.#watch === undefined) void this.#keepTime();
    this.#watch ??= this.#watchSessions();
    const tree = bfdConfig(wanted.bfd, ofBgp, (session) => wanted.bfdHeld.has(session));
    await this.#bfdd.apply(tree, () => bfdOwnership(this.#ourBfdPeers));
    await this.#looks.look(this.#bfdPeers());
    if (this.#watch !== undefined) this.#options.onWatch(true);
  }

  #watchSessions(): BfdWatch {
    const { dir } = this.#options;
    const control = join(dir, 'bfdd.sock');
    const onNotice = ({ peer, up }: Pick<BfdNotice, 'peer' | 'up'>): void => {
      this.#hear(peer, up);
      if (!up) void this.#looks.listen(this.#bfdPeers());
    };
    const onLost = (why: string): void => this.#onLost(why);
    return existsSync(control)
      ? watchBfd(control, onNotice, onLost)
      : pollBfd(join(dir, 'bfdd.vty'), onNotice, onLost);
  }

  async #tellBgp({ bgp, vips, announced }: FrrWanted): Promise<void> {
    if (bgp === undefined && this.#bgpAs === undefined) return;
    const localAs = bgp?.localAs ?? this.#bgpAs!;
    this.#bgpAs = localAs;
    const tree = bgp === undefined ? [node(`router bgp ${localAs}`)] : bgpConfig(bgp, vips, announced);
    for (const peer of bgp?.peers ?? []) this.#ourBgpPeers.add(peer.address);
    await this.#bgpd.apply(tree, (running: readonly ConfigTree[]) => {
      for (const peer of peersOf(running)) this.#ourBgpPeers.add(peer);
      return bgpOwnership(localAs, this.#ourBgpPeers);
    });
  }

  async #keepTime(): Promise<void> {
    const why = await this.#bfdd.keepsTime();
    if (why !== undefined) this.#options.onNote(`bfdd waits for its turn where this node is busy: ${why}`);
  }

  #bfdPeers(): ReadonlySet<string> {
    return new Set(this.#wanted?.watch.map(({ peer }) => canonicalIp(peer)));
  }

  #hear(peer: string, up: boolean): void {
    const session = this.#sessionOf(peer);
    if (session !== undefined) this.#options.onBfd(session, up);
    if (up) this.#looks.rise(peer);
  }

  #sessionOf(peer: string): string | undefined {
    return this.#wanted?.bfd.find((one) => canonicalIp(one.peer) === canonicalIp(peer))?.name;
  }

  /** bfdd is gone or restarted: it must be told everything again, and heard anew. */
  #onLost(why: string): void {
    this.#watch = undefined;
    if (this.#closed) return;
    this.#done = undefined;
    this.#options.onWatch(false);
    this.#options.onTrouble('bfdd', why);
    this.#cancelRetry();
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => {
      if (this.#wanted !== undefined) void this.apply(this.#wanted);
    });
  }
}
