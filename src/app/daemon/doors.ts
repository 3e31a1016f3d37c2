// The doors of a running daemon: the API on its socket, metrics where asked for; what they meet goes to the log.
import { openMetrics } from '../../doors/metrics/open-metrics.ts';
import { openRest } from '../../doors/rest/open-rest.ts';
import type { Control } from '../../engine/control.ts';
import { peerOf } from '../../kernel/native/peer.ts';
import type { Intent } from '../../model/intent.ts';
import type { Log } from './log.ts';

export interface Doors {
  close(): Promise<void>;
}

/** Throws where another daemon answers on the socket. Metrics nobody can scrape are no reason not to serve traffic. */
export async function openDoors(control: Control, intent: Intent, { logger }: Log): Promise<Doors> {
  const onFault = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    logger.error({ error: message, stack }, 'a request met a fault');
  };
  const rest = await openRest(control, intent.api, {
    unixPeer: peerOf,
    onAudit: ({ kind: _kind, atMs: _atMs, ...audit }) => logger.info(audit, 'audit'),
    onFault,
  });
  if (intent.api.listen !== undefined)
    logger.error(intent.api.listen, 'api.listen is not served: this release answers on its unix socket only');
  const metrics = await openMetrics(control, intent.metrics.prometheus, onFault).catch((error: Error) => {
    logger.error({ error: error.message }, 'metrics are not served');
    return undefined;
  });
  logger.info(
    { api: rest.address, ...(metrics === undefined ? {} : { metrics: metrics.address }) },
    'doors are open',
  );
  return {
    async close() {
      await rest.close();
      await metrics?.close();
    },
  };
}
