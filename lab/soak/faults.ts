// What can go wrong on the site of the soak: how it is done, how it is mended, and for how long requests may fail of it.

import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoSite, NODES, type NodeName, SERVERS, type ServerName } from '../demo/site.ts';
import type { Random } from './random.ts';
import { addForeignRow, deleteRows } from './spoil-maps.ts';
import { ALL_WELL, activeNode, type Truth } from './truth.ts';

export interface Fault {
  readonly name: string;
  /** Longest time of failures that it excuses, when it begins and when it is mended. */
  readonly lossMs: number;
  readonly mendLossMs: number;
  begin(site: SoakSite, random: Random): Promise<Broken>;
}

export interface Broken {
  /** What exactly was done. */
  readonly what: string;
  readonly truth: Truth;
  mend(): Promise<void>;
}

export interface SoakSite extends DemoSite {
  /** Moves the wall clock of a node; its other clocks go on. Undefined where that cannot be done. */
  readonly moveClock: ((node: NodeName, seconds: number) => void) | undefined;
}

/** A dead member is found by the second failed check: 200 ms, 100 ms and a time-out of 100 ms, and a busy machine. */
const MEMBER_MS = 1500;
/** A dead node: three adverts of 100 ms and the skew, and a busy machine. */
const NODE_MS = 2000;
/** What was undone by hand is found by the next full compare, a second later at most. */
const DRIFT_MS = 2500;
const CLOCK_STEPS_S = [-86_400, -3600, 3600, 86_400];

const otherNode = (node: NodeName): NodeName => NODES.find((one) => one !== node)!;
const without = <T>(list: readonly T[], one: T): T[] => list.filter((each) => each !== one);
const nothing = async (): Promise<void> => {};

function onServer(
  name: string,
  lossMs: number,
  begin: (site: SoakSite, server: ServerName) => Promise<void>,
  mend: (site: SoakSite, server: ServerName) => Promise<void>,
  kind: 'alive' | 'drained' = 'alive',
): Fault {
  return {
    ...{ name, lossMs, mendLossMs: 0 },
    async begin(site, random) {
      const server = random.pick(SERVERS);
      await begin(site, server);
      const truth =
        kind === 'alive'
          ? { ...ALL_WELL, alive: without(SERVERS, server) }
          : { ...ALL_WELL, drained: [server] };
      return { what: server, truth, mend: () => mend(site, server) };
    },
  };
}

function onNode(
  name: string,
  which: 'active' | 'standby',
  [lossMs, mendLossMs]: readonly [number, number],
  truthOf: (node: NodeName) => Truth,
  begin: (site: SoakSite, node: NodeName, random: Random) => Promise<void>,
  mend: (site: SoakSite, node: NodeName) => Promise<void> = nothing,
): Fault {
  return {
    ...{ name: `${name} (${which})`, lossMs, mendLossMs },
    async begin(site, random) {
      const active = activeNode(site);
      const node = which === 'active' ? active : otherNode(active);
      await begin(site, node, random);
      return { what: node, truth: truthOf(node), mend: () => mend(site, node) };
    },
  };
}

const silent = (node: NodeName): Truth => ({ ...ALL_WELL, connected: without(NODES, node) });
const mute = (node: NodeName): Truth => ({ ...ALL_WELL, answering: without(NODES, node) });
const broken = (node: NodeName): Truth => ({ ...ALL_WELL, broken: [node] });
const well = (): Truth => ALL_WELL;

const setState = (state: 'drain' | 'enabled') => async (site: SoakSite, server: ServerName) => {
  for (const node of NODES) {
    site.writeConfig(node, site.configText(node, { [server]: state }));
    site.reload(node);
  }
};

const killDaemon = (site: SoakSite, node: NodeName): Promise<void> => site.killNode(node);
const startDaemon = (site: SoakSite, node: NodeName): Promise<void> => site.startNode(node);
const restart = async (site: SoakSite, node: NodeName): Promise<void> => {
  await site.killNode(node);
  await site.startNode(node);
};

function signalPrograms(site: SoakSite, node: NodeName, program: string, signal: NodeJS.Signals): void {
  for (const pid of site.pidsOf(node, program)) process.kill(pid, signal);
}

/** A disk of the node's state that is full to the last byte. */
const FILLER = 'filler';
async function fillDisk(site: SoakSite, node: NodeName): Promise<void> {
  const path = join(site.node(node).dir, 'state', FILLER);
  for (const size of [64 << 10, 4096, 1]) {
    const block = Buffer.alloc(size, 1);
    try {
      for (let i = 0; i < 10_000; i++) appendFileSync(path, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

export const FAULTS: readonly Fault[] = [
  onNode('address deleted by hand', 'active', [DRIFT_MS, 0], well, async (site, node) => {
    site.host(node).ip('address', 'del', `${site.vip}/24`, 'dev', 'eth0');
  }),
  onNode('address added by hand', 'standby', [DRIFT_MS, 0], well, async (site, node) => {
    site.host(node).address('eth0', `${site.vip}/24`);
  }),
  onServer(
    'web server killed',
    MEMBER_MS,
    (site, server) => site.killServer(server),
    (site, server) => site.startServer(server),
  ),
  onServer(
    'web server silenced',
    MEMBER_MS,
    async (site, server) => site.silence(server),
    async (site, server) => site.silence(server, false),
  ),
  onServer('member drained by an operator', 0, setState('drain'), setState('enabled'), 'drained'),
  ...(['active', 'standby'] as const).flatMap((which) => {
    // A standby that hears nobody believes to be alone: for a moment both have the address when it is heard again.
    const loss = [which === 'active' ? NODE_MS : 0, NODE_MS] as const;
    return [
      onNode('daemon killed', which, [0, 0], mute, killDaemon, startDaemon),
      onNode(
        'daemon paused',
        which,
        [0, 0],
        mute,
        async (site, node) => void site.node(node).child!.kill('SIGSTOP'),
        async (site, node) => void site.node(node).child!.kill('SIGCONT'),
      ),
      onNode('keepalived killed', which, loss, well, async (site, node) =>
        signalPrograms(site, node, 'keepalived', 'SIGKILL'),
      ),
      onNode(
        'node silenced',
        which,
        loss,
        silent,
        async (site, node) => site.silence(node),
        async (site, node) => site.silence(node, false),
      ),
      onNode(
        'link of a node cut',
        which,
        loss,
        silent,
        async (site, node) => site.cut(node),
        async (site, node) => site.cut(node, false),
      ),
      onNode('disk full', which, [0, 0], well, fillDisk, async (site, node) =>
        rmSync(join(site.node(node).dir, 'state', FILLER)),
      ),
      onNode(
        'configuration file broken',
        which,
        [0, 0],
        broken,
        async (site, node) => {
          site.writeConfig(node, `${site.configText(node).slice(0, 200)}\n  \u0000 [ {`);
          site.reload(node);
        },
        async (site, node) => {
          site.writeConfig(node, site.configText(node));
          site.reload(node);
        },
      ),
      onNode('state file overwritten, daemon restarted', which, [0, 0], well, async (site, node, random) => {
        const noise = Buffer.from(Array.from({ length: 5000 }, () => Math.floor(random.between(0, 256))));
        await site.killNode(node);
        for (const file of ['state.db', 'epochs.json'])
          writeFileSync(join(site.node(node).dir, 'state', file), noise);
        await site.startNode(node);
      }),
      onNode('daemon killed and started at once', which, [0, 0], well, restart),
      onNode(
        'rows of the data plane deleted',
        which,
        [which === 'active' ? DRIFT_MS : 0, 0],
        well,
        async (site, node) => deleteRows(site.node(node).bpfDir),
      ),
      onNode('foreign row in the data plane', which, [0, 0], well, async (site, node) =>
        addForeignRow(site.node(node).bpfDir),
      ),
      onNode(
        'clock moved',
        which,
        [0, 0],
        well,
        async (site, node, random) => {
          site.moveClock?.(node, random.pick(CLOCK_STEPS_S));
          // libfaketime looks at its file once a second.
          await sleep(1500);
        },
        async (site, node) => site.moveClock?.(node, 0),
      ),
    ];
  }),
];
