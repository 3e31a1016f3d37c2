// The netlink seam against the machine's own kernel, in a namespace made for it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Lab } from '../../lab/netns.ts';

const AGENT = join(import.meta.dirname, 'netlink-agent.ts');
const lab = Lab.create('netlink');
after(() => lab.close());

test('NetlinkSocket asks, commands, batches and hears on a real kernel', async () => {
  assert.equal(await lab.host('a').must([process.execPath, AGENT]), 'whole\n');
});

test('NetlinkSocket prints its traffic with LBCTL_NLDEBUG=1', async () => {
  const { stderr } = await lab.host('b').exec(['env', 'LBCTL_NLDEBUG=1', process.execPath, AGENT]);

  // Two megabytes: say what is missing, not all of it.
  for (const line of [
    /^netlink\/generic > type 16 flags 5 \(request,ack\) seq 1 length 16 03010000/m,
    /^netlink\/route < type 20 /m,
  ])
    assert.ok(line.test(stderr), String(line));
});

test('NetlinkSocket says which capability is missing', async () => {
  const host = lab.host('c');
  const drop = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', '--'];

  const { stderr, code } = await host.exec([...drop, process.execPath, AGENT]);

  assert.notEqual(code, 0);
  assert.match(stderr, /code: 'DENIED'/);
  assert.match(stderr, /CAP_NET_ADMIN/);
});
