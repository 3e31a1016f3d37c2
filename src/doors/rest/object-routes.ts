// Reads of configured objects: listeners, pools, members and VIPs, each with what became of it.
import { z } from 'zod';
import type { Control } from '../../engine/control.ts';
import { InputError } from '../../model/errors.ts';
import type { Intent } from '../../model/intent.ts';
import { memberKey } from '../../model/keys.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import type { Vip } from '../../model/vip.ts';
import { type Route, route } from './route.ts';
import {
  listenerShape,
  memberShape,
  pageQuery,
  pageOf as pageShape,
  poolShape,
  vipShape,
} from './schemas.ts';
import { MemberRows, pageOf, requireIntent } from './views.ts';

const name = z.string().min(1).max(256);

function find<T>(objects: ReadonlyMap<string, T>, kind: string, wanted: string): T {
  const found = objects.get(wanted);
  if (found === undefined)
    throw new InputError('NOT_FOUND', `Cannot find ${kind} "${wanted}" in the configuration`, {
      hint: `GET /v1/${kind}s lists them`,
    });
  return found;
}

function listenerView(listener: Listener, control: Control) {
  const status = control.status()?.listeners.filter((one) => one.name === listener.name) ?? [];
  return { name: listener.name, config: listener, status };
}

function poolView(pool: Pool, rows: MemberRows) {
  return { name: pool.name, config: pool, members: pool.members.map((member) => rows.view(pool, member)) };
}

function vipView(vip: Vip, control: Control) {
  const status = control.status()?.addresses.find((one) => one.vip === vip.name);
  return { name: vip.name, config: vip, ...(status === undefined ? {} : { status }) };
}

function membersOf(intent: Intent, pools: readonly Pool[], control: Control) {
  const rows = new MemberRows(control, intent);
  return pools.flatMap((pool) =>
    pool.members.map((member) => [memberKey(pool.name, member.name), () => rows.view(pool, member)] as const),
  );
}

export const objectRoutes: readonly Route[] = [
  route('GET', '/v1/listeners', {
    id: 'listListeners',
    summary: 'Listeners, as configured and as they are',
    tag: 'objects',
    shapes: { query: pageQuery },
    reply: pageShape(listenerShape),
    etag: true,
    handle: ({ query }, { control }) => {
      const status = Map.groupBy(control.status()?.listeners ?? [], (one) => one.name);
      const all = [...requireIntent(control).listeners.values()].map(
        (one) =>
          [one.name, () => ({ name: one.name, config: one, status: status.get(one.name) ?? [] })] as const,
      );
      return pageOf(all, query);
    },
  }),
  route('GET', '/v1/listeners/{listener}', {
    id: 'getListener',
    summary: 'One listener',
    tag: 'objects',
    shapes: { params: z.strictObject({ listener: name }) },
    reply: listenerShape,
    etag: true,
    handle: ({ params }, { control }) =>
      listenerView(find(requireIntent(control).listeners, 'listener', params.listener), control),
  }),
  route('GET', '/v1/pools', {
    id: 'listPools',
    summary: 'Pools with their members',
    tag: 'objects',
    shapes: { query: pageQuery },
    reply: pageShape(poolShape),
    etag: true,
    handle: ({ query }, { control }) => {
      const intent = requireIntent(control);
      const rows = new MemberRows(control, intent);
      const all = [...intent.pools.values()].map((one) => [one.name, () => poolView(one, rows)] as const);
      return pageOf(all, query);
    },
  }),
  route('GET', '/v1/pools/{pool}', {
    id: 'getPool',
    summary: 'One pool with its members',
    tag: 'objects',
    shapes: { params: z.strictObject({ pool: name }) },
    reply: poolShape,
    etag: true,
    handle: ({ params }, { control }) => {
      const intent = requireIntent(control);
      return poolView(find(intent.pools, 'pool', params.pool), new MemberRows(control, intent));
    },
  }),
  route('GET', '/v1/pools/{pool}/members', {
    id: 'listPoolMembers',
    summary: 'Members of one pool: health, weight in the data plane, reason, override',
    tag: 'objects',
    shapes: { params: z.strictObject({ pool: name }), query: pageQuery },
    reply: pageShape(memberShape),
    etag: true,
    handle: ({ params, query }, { control }) => {
      const intent = requireIntent(control);
      return pageOf(membersOf(intent, [find(intent.pools, 'pool', params.pool)], control), query);
    },
  }),
  route('GET', '/v1/members', {
    id: 'listMembers',
    summary: 'Members of all pools: health, weight in the data plane, reason, override',
    tag: 'objects',
    shapes: { query: pageQuery },
    reply: pageShape(memberShape),
    etag: true,
    handle: ({ query }, { control }) => {
      const intent = requireIntent(control);
      return pageOf(membersOf(intent, [...intent.pools.values()], control), query);
    },
  }),
  route('GET', '/v1/vips', {
    id: 'listVips',
    summary: 'Virtual addresses, and who carries them',
    tag: 'objects',
    shapes: { query: pageQuery },
    reply: pageShape(vipShape),
    etag: true,
    handle: ({ query }, { control }) => {
      const all = [...requireIntent(control).vips.values()].map(
        (one) => [one.name, () => vipView(one, control)] as const,
      );
      return pageOf(all, query);
    },
  }),
  route('GET', '/v1/vips/{vip}', {
    id: 'getVip',
    summary: 'One virtual address',
    tag: 'objects',
    shapes: { params: z.strictObject({ vip: name }) },
    reply: vipShape,
    etag: true,
    handle: ({ params }, { control }) =>
      vipView(find(requireIntent(control).vips, 'vip', params.vip), control),
  }),
];
