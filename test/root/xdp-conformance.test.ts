// The XDP driver on real kernel tables, nothing skipped. No interface is touched: tables are all that the contract sees.
import { after } from 'node:test';
import { Plane } from '../../src/drivers/xdp/plane.ts';
import { clockOf, DEFAULT_SETTINGS, writeSettings } from '../../src/drivers/xdp/settings.ts';
import type { MemberSpec } from '../../src/drivers/xdp/spec.ts';
import { tablesOf } from '../../src/drivers/xdp/tables.ts';
import { XdpDriver } from '../../src/drivers/xdp/xdp-driver.ts';
import { tickNs } from '../../src/kernel/bpf/libc.ts';
import { OpError } from '../../src/model/errors.ts';
import { memberItemKey } from '../../src/model/keys.ts';
import { testDriver } from '../conformance/test-driver.ts';
import { Rig } from '../xdp/rig.ts';

const OURS = 1;
const STRANGER = 2;

/** Refuses a member once, as a full table would. */
class FaultyPlane extends Plane {
  readonly faults: Set<string>;

  constructor(options: ConstructorParameters<typeof Plane>[0], faults: Set<string>) {
    super(options);
    this.faults = faults;
  }

  override putMember(key: string, spec: MemberSpec): void {
    const { address, port } = spec;
    const endpoint = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const item = memberItemKey(key, endpoint);
    if (this.faults.delete(item))
      throw new OpError('XDP_LIMIT', `Cannot add "${item}" as the test says so`, {
        op: 'take',
        target: item,
      });
    super.putMember(key, spec);
  }
}

/** Loading takes longer than a case: one set of tables for all, emptied for each. */
const rig = new Rig({ listeners: 4096, members: 8192, rings: 65_536, vips4: 8192 });
const map = (name: string) => rig.object.map(name);
after(() => rig.close());

testDriver({
  name: 'xdp',
  engine: 'xdp',
  async create() {
    rig.clear();
    const clock = clockOf(tickNs());
    writeSettings(map('config').memory(), DEFAULT_SETTINGS, clock);
    const tick = () => rig.tick();
    const faults = new Set<string>();
    const open = (owner: number) =>
      new XdpDriver({
        plane: new FaultyPlane(
          {
            map,
            tick,
            ...clock,
            seed: DEFAULT_SETTINGS.seed[0],
            owner,
            hopOf: () => undefined,
            isOwn: () => false,
          },
          faults,
        ),
        tables: tablesOf(map, tick),
      });
    return {
      driver: open(OURS),
      reopen: async () => open(OURS),
      plantForeign: async (world) => {
        const stranger = open(STRANGER);
        const { steps } = stranger.plan(stranger.desired(world), await stranger.observe());
        for (const phase of new Set(steps.map((step) => step.phase)))
          await stranger.apply(steps.filter((step) => step.phase === phase));
        await stranger.close();
      },
      foreignKeys: async () => {
        const observer = open(OURS);
        const { foreign } = await observer.observe();
        await observer.close();
        return [...foreign.keys()];
      },
      failOn: async (key) => {
        faults.add(key);
      },
      close: async () => undefined,
    };
  },
});
