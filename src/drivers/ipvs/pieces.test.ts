import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listenerKey, markKey } from '../../model/keys.ts';
import { TRANSPORTS } from '../../model/protocol.ts';
import { FORWARDING, SERVICE_FLAG, TUNNEL_FLAG, TUNNEL_TYPE } from '../../wire/netlink/ipvs-numbers.ts';
import {
  destinationFields,
  forwardingText,
  fromForwardingText,
  serviceFields,
  toDestination,
  toService,
} from './fields.ts';
import { diffModels } from './nft-diff.ts';
import { canonicalNetworks } from './nft-entry.ts';
import { buildModel, EMPTY_MODEL } from './nft-model.ts';
import { entriesOf } from './nft-read.ts';
import { markFor, parseTarget, throughMark, toServiceKey } from './service-key.ts';

test('parseTarget() reads every listener key that the model writes', () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(fc.constantFrom(...TRANSPORTS), fc.boolean(), port, port, (protocol, isV6, a, b) => {
      const address = isV6 ? '2001:db8::10' : '192.0.2.10';
      const [portFrom, portTo] = [Math.min(a, b), Math.max(a, b)];

      assert.deepEqual(parseTarget(listenerKey(protocol, address, portFrom, portTo)), {
        kind: 'address',
        family: isV6 ? 6 : 4,
        protocol,
        address,
        portFrom,
        portTo,
      });
    }),
  );
  assert.deepEqual(parseTarget(markKey(7, 6)), { kind: 'mark', mark: 7, family: 6 });
  for (const bad of ['', 'tcp/', 'icmp/192.0.2.10:80', 'tcp/192.0.2.10', 'mark/7/5', 'nft tcp/192.0.2.10:80'])
    assert.equal(parseTarget(bad), undefined, bad);
});

test('markFor() is the same for a key, stays in our range and gives way to one that is taken', () => {
  const key = 'tcp/192.0.2.10:80-90';
  const mark = markFor(key, new Set());

  assert.equal(markFor(key, new Set([1, 2])), mark);
  assert.equal(mark >>> 24, 0x4c);
  const other = markFor(key, new Set([mark]));
  assert.notEqual(other, mark);
  assert.equal(other >>> 24, 0x4c);
  assert.deepEqual(toServiceKey(key, throughMark(mark)), { kind: 'mark', family: 4, mark });
});

test('toService() and serviceFields() are each the other way round', () => {
  const key = { kind: 'mark', family: 6, mark: 7 } as const;
  for (const service of [
    { key, scheduler: 'rr', flags: 0, timeoutSeconds: 0, granularity: 128, engine: '' },
    {
      key,
      scheduler: 'sh',
      flags: SERVICE_FLAG.port | SERVICE_FLAG.fallback,
      timeoutSeconds: 0,
      granularity: 128,
      engine: '',
    },
    { key, scheduler: 'rr', flags: SERVICE_FLAG.onePacket, timeoutSeconds: 0, granularity: 128, engine: '' },
    {
      key,
      scheduler: 'wlc',
      flags: SERVICE_FLAG.persistent,
      timeoutSeconds: 300,
      granularity: 64,
      engine: 'sip',
    },
  ])
    assert.deepEqual(toService(key, serviceFields(service)), service);
});

test('toDestination() and destinationFields() are each the other way round', () => {
  const base = { address: '10.0.0.1', port: 80, weight: 5, upper: 0, lower: 0 };
  for (const forwarding of [
    'nat',
    'dr',
    'ipip',
    'gue 6080',
    'gue 6080 full',
    'gue 6080 remote',
    'gre',
    'gre full',
    'local',
  ]) {
    const row = { ...base, ...fromForwardingText(forwarding) };
    assert.equal(forwardingText(row), forwarding);
    assert.deepEqual(toDestination('10.0.0.1', 80, destinationFields(row)), row);
  }
  const limited = { ...base, upper: 5000, lower: 4000, ...fromForwardingText('dr') };
  assert.deepEqual(toDestination('10.0.0.1', 80, destinationFields(limited)), limited);
  assert.deepEqual(fromForwardingText('gue 6080 remote'), {
    forwarding: FORWARDING.tunnel,
    tunnelType: TUNNEL_TYPE.gue,
    tunnelPort: 6080,
    tunnelFlags: TUNNEL_FLAG.remote,
  });
});

test('canonicalNetworks() clears host bits, drops what is contained, keeps one family, sorts', () => {
  const networks = ['10.1.2.3/8', '10.9.0.0/16', '192.0.2.7', '2001:db8::1/32', '10.0.0.0/8'];

  assert.deepEqual(canonicalNetworks(networks, 4), ['10.0.0.0/8', '192.0.2.7/32']);
  assert.deepEqual(canonicalNetworks(networks, 6), ['2001:db8::/32']);
});

test('diffModels() changes one listener without touching the others', () => {
  const target = (port: number) => parseTarget(`tcp/192.0.2.10:${port}`)!;
  const many = Array.from({ length: 50 }, (_, i) => ({ target: target(1000 + i), sources: [] }));
  const before = buildModel(many);
  const after = buildModel([...many.slice(1), { target: target(9000), sources: ['192.0.2.200'] }]);

  const commands = diffModels(before, after);

  assert.deepEqual(
    commands.map(
      (command) => Object.entries(command).map(([verb, what]) => `${verb} ${Object.keys(what as object)}`)[0],
    ),
    ['add chain', 'delete element', 'add element', 'add rule'],
  );
  assert.deepEqual(diffModels(before, before), []);
  assert.deepEqual(diffModels(undefined, EMPTY_MODEL), []);
  assert.deepEqual(diffModels(before, EMPTY_MODEL), [
    { delete: { table: { family: 'inet', name: 'lbctl' } } },
  ]);
});

test('entriesOf() reads a list without its drop as one that admits nobody we know, so that it is repaired', () => {
  const model = buildModel([{ target: parseTarget('tcp/192.0.2.10:80')!, allowed: ['10.0.0.0/8'] }]);
  const chains = new Map(model.chains);
  const [name] = [...chains.keys()].filter((chain) => chain.startsWith('allow_'));
  chains.set(name!, { rules: chains.get(name!)!.rules.slice(0, 1) });

  assert.deepEqual(entriesOf({ ...model, chains }).get('tcp/192.0.2.10:80')?.allowed, []);
});
