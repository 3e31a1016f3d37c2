import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AF_UNIX, NativeSocket, SOCK } from './native/socket.ts';
import { SdNotify } from './sd-notify.ts';

const folder = mkdtempSync(join(tmpdir(), 'lbctl-notify-'));
after(() => rmSync(folder, { recursive: true }));

function supervisor(path: string): { readonly read: () => readonly string[]; readonly close: () => void } {
  const socket = new NativeSocket('test', AF_UNIX, SOCK.dgram, 0);
  socket.bind(Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)]));
  const buffer = new Uint8Array(4096);
  return {
    read() {
      const told: string[] = [];
      for (let length = socket.receive(buffer, false); length >= 0; length = socket.receive(buffer, false))
        told.push(Buffer.from(buffer.subarray(0, length)).toString());
      return told;
    },
    close: () => socket.close(),
  };
}

describe('SdNotify', () => {
  it('is not held up by a supervisor that reads nothing, and tells it later what still counts', async () => {
    const path = join(folder, 'busy');
    const busy = supervisor(path);
    const notify = new SdNotify({ NOTIFY_SOCKET: path });
    // The kernel keeps net.unix.max_dgram_qlen of them for who does not read.
    for (let i = 0; i < 2000; i++) notify.tell({ WATCHDOG: '1' });
    notify.tell({ RELOADING: '1' });
    notify.tell({ READY: '1', STATUS: 'new\nlines' });

    assert.ok(busy.read().every((text) => text === 'WATCHDOG=1'));
    let told: readonly string[] = [];
    for (let i = 0; i < 50 && told.length < 2; i++) {
      await sleep(50);
      told = [...told, ...busy.read()];
    }
    assert.deepEqual(told, ['RELOADING=1', 'READY=1\nSTATUS=new lines']);
    notify.close();
    busy.close();
  });

  it('goes on without a supervisor, and finds one that came back', () => {
    const path = join(folder, 'gone');
    const notify = new SdNotify({ NOTIFY_SOCKET: path });
    notify.tell({ READY: '1' });
    const back = supervisor(path);
    notify.tell({ WATCHDOG: '1' });
    assert.deepEqual(back.read(), ['WATCHDOG=1']);
    notify.close();
    back.close();
  });
});
