// All routes that answer with one document. The event stream and the OpenAPI document are served beside them.
import { accessRoutes } from './access-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { haRoutes } from './ha-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { objectRoutes } from './object-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { quotaRoutes } from './quota-routes.ts';
import type { Route } from './route.ts';
import { writeRoutes } from './write-routes.ts';

export const ROUTES: readonly Route[] = [
  ...nodeRoutes,
  ...objectRoutes,
  ...memberRoutes,
  ...bulkRoutes,
  ...historyRoutes,
  ...writeRoutes,
  ...accessRoutes,
  ...haRoutes,
  ...operationRoutes,
  ...quotaRoutes,
];
