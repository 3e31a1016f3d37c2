// What the kernel answered to the real ipvsadm, read by our codecs and compared with what ipvsadm printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readAck } from './ack.ts';
import { readDestinationMessage, readInfo, readServiceMessage, readTimeouts } from './ipvs-control.ts';
import { readDaemon } from './ipvs-daemon.ts';
import { COMMAND } from './ipvs-numbers.ts';
import { MESSAGE_TYPE, type NetlinkMessage, readMessages } from './message.ts';

/** Messages received by the first run of a command in one of test/vm/captures. */
function replies(file: string, command: string): NetlinkMessage[] {
  const text = readFileSync(new URL(`../../../test/vm/captures/${file}`, import.meta.url), 'utf8');
  const block = text.split(/^\$ /m).find((one) => one.startsWith(`${command}\n`));
  assert.ok(block, `a capture of "${command}"`);
  return block
    .split('\n')
    .filter((line) => line.startsWith('< '))
    .flatMap((line) => [...readMessages(Buffer.from(line.slice(2), 'hex'))]);
}

function ofCommand(messages: readonly NetlinkMessage[], command: number): NetlinkMessage[] {
  return messages.filter((message) => message.type > MESSAGE_TYPE.overrun && message.body[0] === command);
}

test('readServiceMessage() and readDestinationMessage() read 64 bit counters', () => {
  const messages = replies('statistics.txt', 'ipvsadm -L -n --stats --exact');

  const [service] = ofCommand(messages, COMMAND.newService).map((one) => readServiceMessage(one, true));
  const [destination] = ofCommand(messages, COMMAND.newDest).map((one) => readDestinationMessage(one, true));

  const { connections, packetsIn, packetsOut, bytesIn, bytesOut } = service!.stats;
  assert.deepEqual([connections, packetsIn, packetsOut, bytesIn, bytesOut], [5n, 33n, 30n, 2121n, 2665n]);
  assert.deepEqual(service!.key, {
    kind: 'address',
    family: 4,
    protocol: 'tcp',
    address: '192.0.2.10',
    port: 80,
  });
  assert.equal(destination!.stats.bytesOut, 2665n);
  assert.deepEqual([destination!.address, destination!.port], ['127.0.0.1', 8080]);
});

test('readServiceMessage() reads rates', () => {
  const messages = replies('statistics.txt', 'ipvsadm -L -n --rate');

  const [service] = ofCommand(messages, COMMAND.newService).map((one) => readServiceMessage(one, true));

  const { connectionRate, packetRateIn, packetRateOut, byteRateIn, byteRateOut } = service!.stats;
  assert.deepEqual(
    [connectionRate, packetRateIn, packetRateOut, byteRateIn, byteRateOut],
    [0n, 3n, 3n, 179n, 225n],
  );
});

test('readServiceMessage() leaves counters out where they are not asked for', () => {
  const messages = replies('statistics.txt', 'ipvsadm -L -n --stats --exact');

  const [service] = ofCommand(messages, COMMAND.newService).map((one) => readServiceMessage(one, false));

  assert.equal(service!.stats.bytesIn, 0n);
});

test('readInfo() reads version and table size', () => {
  const [info] = ofCommand(replies('statistics.txt', 'ipvsadm -L -n --stats --exact'), COMMAND.setInfo);

  assert.deepEqual(readInfo(info!), { version: '1.2.1', connectionTableSize: 4096 });
});

test('readTimeouts() reads the timeouts that ipvsadm prints', () => {
  const text = readFileSync(new URL('../../../test/vm/captures/settings.txt', import.meta.url), 'utf8');
  const printed = /Timeout \(tcp tcpfin udp\): (\d+) (\d+) (\d+)/.exec(text)!;

  const [config] = ofCommand(replies('settings.txt', 'ipvsadm -L --timeout'), COMMAND.setConfig);

  assert.deepEqual(readTimeouts(config!), {
    tcpSeconds: Number(printed[1]),
    tcpFinSeconds: Number(printed[2]),
    udpSeconds: Number(printed[3]),
  });
});

test('readDaemon() reads both sync daemons', () => {
  const daemons = ofCommand(replies('settings.txt', 'ipvsadm -L --daemon'), COMMAND.newDaemon).map(
    readDaemon,
  );

  assert.deepEqual(
    daemons.map((daemon) => daemon?.role),
    ['master', 'backup'],
  );
  assert.deepEqual(daemons[0], {
    role: 'master',
    interface: 'sync0',
    syncId: 51,
    maxBytes: 1472,
    group: '224.0.0.81',
    port: 8848,
    ttl: 1,
  });
});

test('readAck() reads the refusal of a second master daemon', () => {
  const [refusal] = replies(
    'settings.txt',
    'ipvsadm --start-daemon master --mcast-interface sync0 --syncid 52',
  ).filter((message) => message.type === MESSAGE_TYPE.error && readAck(message).errno !== 0);

  assert.equal(readAck(refusal!).errno, 17);
});
