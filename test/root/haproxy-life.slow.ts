// The long form of a life under load, as many reloads and changes as issue and guide promise.
import { after, test } from 'node:test';
import { livesUnderLoad } from './haproxy-load.ts';
import { Rig } from './haproxy-rig.ts';
import { closeMembers } from './haproxy-site.ts';

after(closeMembers);

test('200 reloads and 2,000 changes through the socket lose no request', async () => {
  const rig = new Rig();
  try {
    await livesUnderLoad(rig, rig.open(), { reloads: 200, changes: 2000 });
  } finally {
    await rig.close();
  }
});
