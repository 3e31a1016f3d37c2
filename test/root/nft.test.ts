// Our nftables table on the machine's own nf_tables, in a namespace made for it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Lab } from '../../lab/netns.ts';

const lab = Lab.create('nft');
after(() => lab.close());

test('nft takes, lists, changes and drops our table as the driver means it', async () => {
  const host = lab.host('a');

  const said = await host.must([process.execPath, join(import.meta.dirname, 'nft-agent.ts')]);

  assert.equal(said, 'whole\n');
  assert.equal(host.run('nft', 'list', 'ruleset'), '');
});
