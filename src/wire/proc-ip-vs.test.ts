import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOfHeader, readProcIpVs, rowPrefix, rowsOf } from './proc-ip-vs.ts';

// As Linux 6.1 shows it.
const TEXT = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C000020A:0050 rr  
  -> 0A000006:0050      Tunnel  1      0          0         
  -> 0A000002:0050      Route   65535  12         3456      
UDP  C000020C:0035 mh ops  
TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0050 sh 
  -> [2001:0db8:0001:0000:0000:0000:0000:0001]:0050      Route   3      0          0         
TCP  C000020B:01BB wrr  persistent 75000 FFFFFF00
FWM  00000007 wlc 
`;

test('readProcIpVs() groups destinations under their service', () => {
  assert.deepEqual(
    readProcIpVs(TEXT).map(({ header, body }) => [header.trim(), rowsOf(body).length]),
    [
      ['TCP  C000020A:0050 rr', 2],
      ['UDP  C000020C:0035 mh ops', 0],
      ['TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:0050 sh', 1],
      ['TCP  C000020B:01BB wrr  persistent 75000 FFFFFF00', 0],
      ['FWM  00000007 wlc', 1 - 1],
    ],
  );
  assert.deepEqual(readProcIpVs(''), []);
  const cut = TEXT.slice(0, TEXT.indexOf('  -> 0A000002') + 10);
  assert.equal(rowsOf(readProcIpVs(cut)[0]!.body).length, 2);
});

test('rowPrefix() ends before the connection counts', () => {
  const [service] = readProcIpVs(TEXT);

  assert.equal(rowPrefix(rowsOf(service!.body)[1]!), '  -> 0A000002:0050      Route   65535 ');
});

test('keysOfHeader() names the service, or both families of a mark', () => {
  const keys = readProcIpVs(TEXT).map(({ header }) => keysOfHeader(header));

  assert.deepEqual(keys[0], [
    { kind: 'address', family: 4, protocol: 'tcp', address: '192.0.2.10', port: 80 },
  ]);
  assert.deepEqual(keys[2], [
    { kind: 'address', family: 6, protocol: 'tcp', address: '2001:db8::10', port: 80 },
  ]);
  assert.deepEqual(keys[4], [
    { kind: 'mark', family: 4, mark: 7 },
    { kind: 'mark', family: 6, mark: 7 },
  ]);
  assert.deepEqual(keysOfHeader('something else'), []);
});
