// Reads of the node as a whole: status, the stages of its last round, its history, counters, and whether it lives.
import { z } from 'zod';
import { planToJson } from '../../plan/plan-json.ts';
import { HttpError } from './problem.ts';
import { type Route, route } from './route.ts';
import {
  aliveShape,
  checksShape,
  dataPlanesShape,
  eventShape,
  healthShape,
  lastQuery,
  planShape,
  roundShape,
  statsShape,
  statusShape,
  versionShape,
  worldShape,
} from './schemas.ts';
import { requireStatus, withAnswerTimes } from './views.ts';

/** 64 bit numbers as decimal text. */
function toTexts(numbers: Readonly<Record<string, bigint>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}

/** A round may take long, but not a minute longer than the time between two. */
const STUCK_MS = 60_000;

export const nodeRoutes: readonly Route[] = [
  route('GET', '/v1/status', {
    id: 'getStatus',
    summary: 'How the node and everything on it is, from observation',
    tag: 'node',
    reply: statusShape,
    handle: (_, { control }) => {
      const status = requireStatus(control);
      return { ...status, listeners: withAnswerTimes(status.listeners, control) };
    },
  }),
  route('GET', '/v1/version', {
    id: 'getVersion',
    projects: true,
    summary: 'Which release runs, since when',
    tag: 'node',
    reply: versionShape,
    handle: (_, { control }) => {
      const node = control.intent()?.node.name;
      return {
        version: control.version,
        api: 'v1',
        ...(node === undefined ? {} : { node }),
        startedMs: control.startedMs,
      };
    },
  }),
  route('GET', '/v1/health', {
    id: 'getHealth',
    summary: 'Facts: health of members, roles of groups, overrides of operators',
    tag: 'node',
    reply: healthShape,
    handle: (_, { control }) => ({
      members: Object.fromEntries(control.health()),
      roles: Object.fromEntries(control.roles()),
      overrides: Object.fromEntries(control.overrides()),
    }),
  }),
  route('GET', '/v1/plan', {
    id: 'getPlan',
    summary: 'The plan of the last round, with what guards hold',
    tag: 'node',
    reply: planShape,
    handle: (_, { control }) => {
      requireStatus(control);
      return planToJson(control.plan()!);
    },
  }),
  route('GET', '/v1/world', {
    id: 'getWorld',
    summary: 'What should be true on this node now',
    tag: 'node',
    reply: worldShape,
    handle: (_, { control }) => {
      requireStatus(control);
      return control.world();
    },
  }),
  route('GET', '/v1/rounds', {
    id: 'listRounds',
    summary: 'The last rounds that changed something, newest last',
    tag: 'history',
    shapes: { query: lastQuery },
    reply: z.strictObject({ items: z.array(roundShape) }),
    handle: ({ query }, { control }) => ({ items: control.rounds().slice(-query.last) }),
  }),
  route('GET', '/v1/events', {
    id: 'listEvents',
    summary: 'The last events, newest last; /v1/events/watch goes on from there',
    tag: 'history',
    shapes: { query: lastQuery },
    reply: z.strictObject({ items: z.array(eventShape) }),
    handle: ({ query }, { ring }) => ({
      items: ring.last(query.last).map(({ id, event }) => ({ id, event })),
    }),
  }),
  route('GET', '/v1/checks', {
    id: 'getCheckTimes',
    summary: 'How long the answers to each health check take, as a histogram',
    tag: 'node',
    reply: checksShape,
    handle: async (_, { control }) => {
      const { boundsMs, probes } = await control.probeLatencies();
      const checks = probes.map(({ type, members, count, sumMs, buckets }) => ({
        type,
        members,
        count,
        sumMs,
        buckets,
      }));
      return { boundsMs, checks };
    },
  }),
  route('GET', '/v1/stats', {
    id: 'getStats',
    summary: 'Counters of every data plane; 64 bit numbers as decimal text',
    tag: 'node',
    reply: statsShape,
    handle: async (_, { control, nowMs }) => {
      const drivers = [...(await control.counters())].map(
        ([driver, rows]) =>
          [
            driver,
            rows.map((row) => ({
              key: row.key,
              connections: String(row.connections),
              activeConnections: row.activeConnections,
              inactiveConnections: row.inactiveConnections,
              packetsIn: String(row.packetsIn),
              packetsOut: String(row.packetsOut),
              bytesIn: String(row.bytesIn),
              bytesOut: String(row.bytesOut),
              ...(row.refused === undefined ? {} : { refused: toTexts(row.refused) }),
            })),
          ] as const,
      );
      return { atMs: nowMs(), drivers: Object.fromEntries(drivers) };
    },
  }),
  route('GET', '/v1/data-planes', {
    id: 'getDataPlanes',
    summary: 'Where data planes are attached, how full their tables are, what became of packets',
    tag: 'node',
    reply: dataPlanesShape,
    handle: (_, { control }) => ({
      drivers: Object.fromEntries(
        [...control.dataPlanes()].map(([driver, state]) => [
          driver,
          {
            ...state,
            reasons: state.reasons.map((one) => ({ ...one, packets: String(one.packets) })),
          },
        ]),
      ),
    }),
  }),
  route('GET', '/healthz', {
    id: 'isAlive',
    projects: true,
    summary: 'Whether the daemon works: 200, or 503 with why',
    tag: 'node',
    reply: aliveShape,
    handle: (_, { control, pulse }) => {
      const silentMs = pulse.silentMs(control.round()?.number);
      const intervalMs = control.intent()?.daemon.reconcileIntervalMs ?? 0;
      if (silentMs > intervalMs + STUCK_MS)
        throw new HttpError(503, 'TIMEOUT', `No round has finished for ${Math.round(silentMs / 1000)} s`);
      return { status: 'ok' };
    },
  }),
  route('GET', '/readyz', {
    id: 'isReady',
    summary: 'Whether the node does what the configuration asks: 200, or 503 with why',
    tag: 'node',
    reply: aliveShape,
    handle: (_, { control }) => {
      const { condition } = requireStatus(control);
      if (condition === 'down' || condition === 'pending')
        throw new HttpError(503, 'NOT_READY', `The node is not ready: its condition is "${condition}"`);
      return { status: 'ok', condition };
    },
  }),
];
