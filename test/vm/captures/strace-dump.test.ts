import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CAPTURE_SETS } from './commands.ts';
import { readStraceDump } from './strace-dump.ts';

const TRACE = `sendmsg(3, {msg_name={sa_family=AF_NETLINK, nl_pid=0}, msg_namelen=12}, 0) = 20
 * 20 bytes in buffer 0
 | 00000  14 00 00 00 20 00 05 00  60 dc 00 6b 81 00 00 1d   .......\`..k.... |
 | 00010  0f 01 00 00                                       ....             |
recvmsg(3, {msg_name={sa_family=AF_NETLINK, nl_pid=0}, msg_namelen=12}, MSG_PEEK|MSG_TRUNC) = 4
 * 4 bytes in buffer 0
 | 00000  14 00 00 00                                       ....             |
recvmsg(3, {msg_name={sa_family=AF_NETLINK, nl_pid=0}, msg_namelen=12}, 0) = 4
 * 4 bytes in buffer 0
 | 00000  24 00 00 00                                       $...             |
`;

test('readStraceDump() gives what was sent and received, without looks ahead', () => {
  const exchanges = readStraceDump(TRACE).map(
    ({ direction, bytes }) => `${direction} ${bytes.toString('hex')}`,
  );

  assert.deepEqual(exchanges, ['sent 140000002000050060dc006b8100001d0f010000', 'received 24000000']);
});

test('every set of commands has its recording, command by command', () => {
  for (const set of CAPTURE_SETS) {
    const text = readFileSync(join(import.meta.dirname, `${set.name}.txt`), 'utf8');
    const recorded = text.match(/^\$ .*$/gm)?.map((line) => line.slice(2));
    assert.deepEqual(recorded, set.commands);
  }
});
