// Files are heard wherever they come: under any name, in folders that came later or took the place of others.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileWatch } from './watch-files.ts';

const root = mkdtempSync(join(tmpdir(), 'lbctl-watch-'));
after(() => rmSync(root, { recursive: true }));

function listening() {
  let heard = 0;
  const watch = new FileWatch(() => heard++);
  /** How often it tells of what is done. */
  const hears = async (act: () => void): Promise<number> => {
    const before = heard;
    act();
    for (let i = 0; i < 40 && heard === before; i++) await sleep(25);
    return heard - before;
  };
  return { watch, hears };
}

test('setFiles() hears the files by their names, and new ones in folders of patterns', async () => {
  const { watch, hears } = listening();
  const [main, folder] = [join(root, 'lb.conf'), join(root, 'conf.d')];
  writeFileSync(main, '');
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

test('setFiles() hears files over links: where those are turned elsewhere, and what they point to', async () => {
  const mount = join(root, 'mount');
  const version = (name: string): void => {
    mkdirSync(join(mount, name), { recursive: true });
    writeFileSync(join(mount, name, 'lb.conf'), name);
  };
  // As Kubernetes mounts a ConfigMap.
  const turn = (name: string): void => {
    symlinkSync(name, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  };
  version('..1');
  turn('..1');
  symlinkSync('..data/lb.conf', join(mount, 'lb.conf'));
  const { watch, hears } = listening();
  try {
    watch.setFiles([join(mount, 'lb.conf')]);
    version('..2');
    assert.equal(await hears(() => turn('..2')), 1);
    assert.equal(await hears(() => rmSync(join(mount, '..1'), { recursive: true })), 0);
    assert.equal(await hears(() => writeFileSync(join(mount, '..2/lb.conf'), 'by hand')), 1);
    assert.equal(await hears(() => watch.look()), 0);

    assert.equal(await hears(() => rmSync(join(mount, '..data'))), 1);
    assert.equal(await hears(() => turn('..2')), 1);
  } finally {
    watch.close();
  }
});
