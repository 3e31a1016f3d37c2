// The XDP driver over tables of the real kernel and no interface: what a change costs does not depend on traffic.
import { tableSizes, type XdpLimits } from '../../src/drivers/xdp/limits.ts';
import { Plane } from '../../src/drivers/xdp/plane.ts';
import { clockOf, DEFAULT_SETTINGS, writeSettings } from '../../src/drivers/xdp/settings.ts';
import { tablesOf } from '../../src/drivers/xdp/tables.ts';
import { XdpDriver } from '../../src/drivers/xdp/xdp-driver.ts';
import { tickNs } from '../../src/kernel/bpf/libc.ts';
import { loadObject } from '../../src/kernel/bpf/object.ts';
import { TestRun } from '../../src/kernel/bpf/test-run.ts';
import { OBJECT } from '../../test/xdp/rig.ts';

export interface TablesOnly {
  readonly driver: XdpDriver;
  readonly object: ReturnType<typeof loadObject>;
  readonly close: () => Promise<void>;
}

export function openTables(limits: XdpLimits): TablesOnly {
  const object = loadObject(OBJECT, { sizes: tableSizes(limits) });
  const map = (name: string) => object.map(name);
  const clock = clockOf(tickNs());
  writeSettings(map('config').memory(), DEFAULT_SETTINGS, clock);
  const run = new TestRun(object.program('steelyard_clock'));
  const tick = () => run.run(new Uint8Array(64)).verdict;
  const plane = new Plane({
    map,
    tick,
    ...clock,
    seed: 1n,
    owner: 1,
    hopOf: () => undefined,
    isOwn: () => false,
  });
  const driver = new XdpDriver({ plane, tables: tablesOf(map, tick, { trustMs: 900 }) });
  const close = async () => {
    await driver.close();
    object.close();
  };
  return { driver, object, close };
}
