// Files are heard wherever they come: under any name, in folders that came later or took the place of others.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileWatch } from './watch-files.ts';

const root = mkdtempSync(join(tmpdir(), 'lbctl-watch-'));
after(() => rmSync(root, { recursive: true }));

test('setFiles() hears the files by their names, and new ones in folders of patterns', async () => {
  let heard = 0;
  const watch = new FileWatch(() => heard++);
  const [main, folder] = [join(root, 'lb.conf'), join(root, 'conf.d')];
  writeFileSync(main, '');
  const hears = async (act: () => void): Promise<number> => {
    const before = heard;
    act();
    for (let i = 0; i < 40 && heard === before; i++) await sleep(25);
    return heard - before;
  };
  try {
    watch.setFiles([main], [folder]);
    assert.equal(await hears(() => writeFileSync(main, 'node: {}')), 1);
    assert.equal(await hears(() => writeFileSync(join(root, 'state.db'), '')), 0);

    mkdirSync(folder);
    assert.equal(await hears(() => watch.look()), 1);
    assert.equal(await hears(() => watch.look()), 0);
    assert.equal(await hears(() => writeFileSync(join(folder, 'web.yaml'), 'vips: []')), 1);

    renameSync(folder, join(root, 'old'));
    mkdirSync(folder);
    assert.equal(await hears(() => watch.look()), 1);
    assert.equal(await hears(() => writeFileSync(join(folder, 'web.yaml'), 'vips: [1]')), 1);
  } finally {
    watch.close();
  }
});
