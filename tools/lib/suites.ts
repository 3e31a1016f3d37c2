// The test suites of the house, found by place alone: a new test file in the right folder needs no edit here.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const NEEDS = ['root', 'netns', 'vm'] as const;
export type Need = (typeof NEEDS)[number];

export interface Suite {
  readonly name: string;
  readonly globs: readonly string[];
  /** What the globs find and another suite runs. */
  readonly except?: readonly string[];
  readonly needs: readonly Need[];
  /** Test files at once. */
  readonly parallel: number;
  /** Suites of one lane run one after another; lanes run side by side, but for `alone`, which waits for all others. */
  readonly lane: 'main' | 'vm' | 'alone';
  /** A single test that takes longer is ended: some times what the slowest one takes, as machines may be robbed of their time. */
  readonly testTimeoutMs: number;
  /** The whole suite is ended after this long. */
  readonly limitMs: number;
}

/** What is measured in these is time on the wire: emulated processors beside them would be measured with it. */
const CLOCKED = ['test/root/{ha-*,health-lateness,soak,demo,lab,docs-labs}.test.ts'];

export const SUITES: readonly Suite[] = [
  {
    name: 'unit',
    globs: [
      'src/**/*.test.ts',
      'tools/**/*.test.ts',
      'bench/**/*.test.ts',
      'test/house/**/*.test.ts',
      'test/packaging/**/*.test.ts',
      'test/scenarios/**/*.test.ts',
      'test/conformance/**/*.test.ts',
    ],
    needs: [],
    parallel: 2,
    lane: 'main',
    testTimeoutMs: 300_000,
    limitMs: 1_800_000,
  },
  {
    // Serial: namespaces, addresses and nftables of one test must not meet those of another.
    name: 'root',
    globs: ['test/root/**/*.test.ts', 'test/xdp/**/*.test.ts', 'lab/**/*.test.ts'],
    except: CLOCKED,
    needs: ['root', 'netns'],
    parallel: 1,
    lane: 'main',
    testTimeoutMs: 300_000,
    limitMs: 1_800_000,
  },
  {
    name: 'vm',
    globs: ['test/vm/**/*.test.ts'],
    needs: ['vm'],
    parallel: 1,
    lane: 'vm',
    testTimeoutMs: 1_860_000,
    limitMs: 3_300_000,
  },
  {
    name: 'clock',
    globs: CLOCKED,
    needs: ['root', 'netns'],
    parallel: 1,
    lane: 'alone',
    testTimeoutMs: 300_000,
    limitMs: 1_800_000,
  },
];

export interface Machine {
  readonly platform: string;
  readonly uid: number;
  has(program: string): boolean;
  exists(path: string): boolean;
}

/** Why a need is not met here, or undefined where it is. */
export function whyMissing(need: Need, machine: Machine): string | undefined {
  if (machine.platform !== 'linux') return `needs Linux, this is ${machine.platform}`;
  if (need === 'root') return machine.uid === 0 ? undefined : `needs root, this is uid ${machine.uid}`;
  if (need === 'netns') {
    if (!machine.exists('/proc/self/ns/net')) return 'needs a kernel with network namespaces';
    return machine.has('ip') ? undefined : 'needs the program "ip": run "make setup"';
  }
  return machine.has('qemu-system-x86_64')
    ? undefined
    : 'needs the program "qemu-system-x86_64": run "make setup"';
}

/** What a missing need means: on the project's machines (Linux, root) nothing may be left out. */
export function verdictOnMissing(machine: Machine): 'failed' | 'skipped' {
  return machine.platform === 'linux' && machine.uid === 0 ? 'failed' : 'skipped';
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    has: (program) =>
      (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program))),
    exists: existsSync,
  };
}
