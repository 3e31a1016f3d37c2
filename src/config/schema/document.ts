// The whole file: the main one, and the included one that may hold objects only.
import type { z } from 'zod';
import { ENGINES, MODES } from '../../model/protocol.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, list } from './block.ts';
import { apiSchema, loggingSchema, metricsSchema, notificationsSchema } from './doors.ts';
import { opt } from './field.ts';
import { haSchema } from './ha.ts';
import { listenerSchema } from './listener.ts';
import {
  daemonSchema,
  dataPlaneSchema,
  guardSchema,
  includeSchema,
  networkSchema,
  nodeSchema,
  systemSchema,
} from './node.ts';
import { poolSchema } from './pool.ts';
import { certificateSchema, vipSchema } from './vip.ts';
import { int, oneOf } from './words.ts';

const objects = {
  vips: opt(list('Virtual addresses.', vipSchema)),
  listeners: opt(list('What takes traffic.', listenerSchema)),
  pools: opt(list('Who serves it.', poolSchema)),
  certificates: opt(list('Certificates listeners and pools name.', certificateSchema)),
};

const version = opt(int('Version of the language.', { min: 1, max: 1, default: DEFAULTS.version }));

export const mainSchema = block('Configuration of lbctl.', {
  version,
  node: opt(nodeSchema),
  network: opt(networkSchema),
  engine: opt(oneOf('Engine of listeners that name none.', ENGINES, DEFAULTS.engine)),
  mode: opt(oneOf('Mode of listeners that name none.', MODES, DEFAULTS.mode)),
  include: opt(includeSchema),
  ...objects,
  ha: opt(haSchema),
  data_plane: opt(dataPlaneSchema),
  system: opt(systemSchema),
  daemon: opt(daemonSchema),
  guard: opt(guardSchema),
  api: opt(apiSchema),
  metrics: opt(metricsSchema),
  logging: opt(loggingSchema),
  notifications: opt(notificationsSchema),
});

export const includedSchema = block('An included file.', { version, ...objects });

export type MainDoc = z.output<typeof mainSchema>;
export type IncludedDoc = z.output<typeof includedSchema>;
