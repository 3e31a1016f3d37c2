// What is taken over from the round before: wanted and observed items are those that a driver without a past makes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ItemMap } from '../../model/item.ts';
import { differingFields } from '../../plan/diff.ts';
import { createResolver } from '../../plan/resolve.ts';
import { SourceWatch } from './certificates.ts';
import { behindOf, desiredItems } from './desired.ts';
import { differingBackends } from './differing.ts';
import type { ItemGroups } from './item-groups.ts';
import { backendName, frontendName } from './names.ts';
import { type Seen, toObserved } from './observe.ts';
import { planHaproxy } from './plan.ts';
import { Record } from './record.ts';
import { serverPlace } from './render/render.ts';
import { portOf, type Round, rounds, worldOf } from './rounds-arbitrary.ts';
import { type LiveServer, toBackend } from './servers.ts';
import type { WorkerState } from './worker-state.ts';

const PLACES = { runDir: '/run/test' };
/** As apply() and the reload would leave it. */
function record(into: Record, wanted: ItemMap): void {
  for (const key of [...into.blocks.keys()]) if (!wanted.has(key)) into.dropBlock(key);
  for (const one of wanted.values()) {
    const block = behindOf(one)?.block;
    const known = into.blocks.get(one.key)?.item;
    if (block !== undefined && !isDeepStrictEqual(known, one)) into.blocks.set(one.key, block);
    const member = into.members(one.parent ?? '').get(one.key);
    if (one.kind === 'member' && !isDeepStrictEqual(member, one)) into.putMember(one);
    if (one.kind === 'certificate') into.files.set(one.key, 'digest');
  }
  for (const container of into.blocks.keys())
    for (const key of [...into.members(container).keys()])
      if (!wanted.has(key)) into.dropMember(key, container);
  into.forgetWaiting();
}

/** What reads as before is the same value, as it is where servers are read. */
function stateOf(of: Record, { closed, strange }: Round, before: WorkerState | undefined): WorkerState {
  const port = closed === undefined ? ' ' : String(portOf(closed));
  const servers: [string, ReturnType<typeof toBackend>][] = [...of.blocks.keys()].map((container) => {
    const rows = [...of.members(container).values()].map((member, at) => {
      const { address, port, weight, state } = member.fields;
      const server = { address, port, weight, state } as LiveServer;
      const odd = at > 0 ? {} : strange === 'weight' ? { weight: 7 } : strange === 'out' ? OUT : {};
      return row(serverPlace(member).name, { ...server, ...odd });
    });
    if (strange === 'lost') rows.shift();
    if (strange === 'more') rows.push(row('stray', { address: '', port: 1, weight: 1, state: 'ready' }));
    const known = before?.servers.get(backendName(container));
    const isSame = known !== undefined && isDeepStrictEqual(known.rows, rows);
    return [backendName(container), isSame ? known : toBackend(rows)];
  });
  return {
    generation: of.generation,
    pid: 1,
    version: '3',
    open: new Set([...of.blocks.keys()].filter((key) => !key.endsWith(port)).map(frontendName)),
    servers: new Map(servers),
    lists: new Map(
      [...of.blocks.values()].flatMap(({ lists }) =>
        lists.map(({ path }) => [path, new Map([['192.0.2.0/24', '']])] as const),
      ),
    ),
  };
}

const OUT = { outForSeconds: 3 };

function row(name: string, server: LiveServer) {
  return { head: '', tail: '', backend: '', name, server };
}

/** With blocks of its own, so that nothing kept for those of the other counts. */
function copyOf(of: Record): Record {
  const copy = new Record(of);
  for (const [key, block] of copy.blocks) copy.blocks.set(key, { ...block });
  return copy;
}

function differingOneByOne(wanted: ItemMap, seen: ItemMap): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [one, other] of [
    [wanted, seen],
    [seen, wanted],
  ] as const)
    for (const { kind, key, parent, fields } of one.values()) {
      const there = other.get(key);
      if (kind === 'member' && (there === undefined || differingFields(there.fields, fields).length > 0))
        found.add(backendName(parent!));
    }
  return found;
}

test('desiredItems() and toObserved() make the same with and without the round before, and so does the plan', () => {
  fc.assert(
    fc.property(rounds, (all) => {
      const resolver = createResolver({ engine: 'haproxy' });
      const known = new Record();
      const sources = new SourceWatch();
      let wanted: ItemGroups | undefined;
      let before: Seen | undefined;
      let state: WorkerState | undefined;
      for (const round of all) {
        const world = worldOf(resolver, round);
        wanted = desiredItems(world, PLACES, wanted);
        const afresh = desiredItems(world, PLACES);
        assert.deepEqual([...wanted], [...afresh]);
        for (const one of afresh.values()) assert.deepEqual(behindOf(wanted.get(one.key)!), behindOf(one));
        if (before !== undefined) {
          const { items } = before.observed;
          assert.deepEqual(differingBackends(wanted, items), differingOneByOne(wanted, items));
        }
        const input = { wanted, sources, isLaid: () => true, nowMs: 0, foreign: () => new Map() };
        for (let look = 0; look < 2; look++) {
          state = round.runs ? stateOf(known, round, state) : undefined;
          const seen: Seen = toObserved({ ...input, state, record: known, ...(before && { before }) });
          const anew = toObserved({ ...input, state, record: copyOf(known) });
          const { items } = seen.observed;
          assert.deepEqual([...items], [...anew.observed.items]);
          for (const one of anew.observed.items.values()) {
            if (one === wanted.get(one.key)) assert.equal(items.get(one.key), one);
            if (one.parent !== undefined) assert.ok(items.has(one.parent));
          }
          assert.deepEqual(seen.observed.judged, anew.observed.judged);
          assert.deepEqual(seen.strays, anew.strays);
          const plain = { ...seen.observed, items: new Map(items) };
          assert.deepEqual(
            planHaproxy('haproxy', wanted, seen.observed),
            planHaproxy('haproxy', new Map(wanted), plain),
          );
          before = seen;
          if (round.isApplied) record(known, wanted);
        }
      }
    }),
  );
});
