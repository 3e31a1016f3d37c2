// The long form of a life under load, as many reloads and changes as issue and guide promise.
import { after, test } from 'node:test';
import { livesUnderLoad, withRig } from './haproxy-load.ts';
import { closeMembers } from './haproxy-site.ts';

after(closeMembers);

test('200 reloads and 2,000 changes through the socket lose no request', async () => {
  await withRig((rig, driver) => livesUnderLoad(rig, driver, { reloads: 200, changes: 2000 }));
});
