import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderNft } from './probe-paths.ts';

test('renderNft() replaces the whole table, with a VIP for each mark and nothing for a family without any', () => {
  const text = renderNft([
    { mark: 0x6c620001, how: 'dr', member: '10.0.0.1', vip: '192.0.2.10' },
    { mark: 0x6c620002, how: 'dr', member: '10.0.0.2', vip: '192.0.2.10' },
  ]);

  assert.match(text, /^table inet lbctl_probe\ndelete table inet lbctl_probe\ntable inet lbctl_probe {\n/);
  assert.match(text, /set marks { type mark; elements = { 0x6c620001, 0x6c620002 } }/);
  assert.match(text, /elements = { 0x6c620001 : 192\.0\.2\.10, 0x6c620002 : 192\.0\.2\.10 } }/);
  assert.match(text, /set vips4 { type ipv4_addr; elements = { 192\.0\.2\.10 } }/);
  assert.doesNotMatch(text, /ip6|vip6/);
});
