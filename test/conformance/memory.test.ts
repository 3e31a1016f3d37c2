// The reference driver passes its own suite, nothing skipped.
import { MemoryDriver } from '../../src/drivers/memory/memory-driver.ts';
import { testDriver } from './test-driver.ts';

testDriver({
  name: 'memory',
  engine: 'memory',
  async create() {
    const driver = new MemoryDriver();
    const { plane } = driver;
    return {
      driver,
      reopen: async () => new MemoryDriver({ plane }),
      plantForeign: async (world) => {
        for (const one of new MemoryDriver().desired(world).values()) plane.edit(one, 'foreign');
      },
      foreignKeys: async () => [...plane.foreign.keys()],
      failOn: async (key) => plane.setFaulty(key, undefined, 1),
      close: async () => {},
    };
  },
});
