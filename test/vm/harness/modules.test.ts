import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOrder, moduleName } from './modules.ts';

const MODULES_DEP = `kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/netfs/netfs.ko
kernel/net/9p/9pnet.ko:
kernel/fs/netfs/netfs.ko:
kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
`;

test('loadOrder() puts every dependency before what needs it, once', () => {
  assert.deepEqual(loadOrder(MODULES_DEP, ['9pnet_virtio', '9p']), [
    'kernel/drivers/virtio/virtio_ring.ko',
    'kernel/drivers/virtio/virtio.ko',
    'kernel/net/9p/9pnet.ko',
    'kernel/net/9p/9pnet_virtio.ko',
    'kernel/fs/netfs/netfs.ko',
    'kernel/fs/9p/9p.ko',
  ]);
});

test('loadOrder() refuses a module the kernel lacks', () => {
  assert.throws(() => loadOrder(MODULES_DEP, ['nothing']), /Cannot load module "nothing"/);
});

test('moduleName() is what modprobe calls it', () => {
  assert.equal(moduleName('kernel/net/8021q/8021q.ko.xz'), '8021q');
  assert.equal(moduleName('kernel/drivers/snd-hda.ko'), 'snd_hda');
});
