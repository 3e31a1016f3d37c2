// The doors of a running daemon: the API on its socket and over TLS, metrics where asked for; what they meet goes to the log.

import { openMetrics } from '../../doors/metrics/open-metrics.ts';
import type { Access } from '../../doors/rest/access.ts';
import { openRest } from '../../doors/rest/open-rest.ts';
import type { Control } from '../../engine/control.ts';
import { peerOf } from '../../kernel/native/peer.ts';
import type { Intent } from '../../model/intent.ts';
import type { Log } from './log.ts';

export interface Doors {
  close(): Promise<void>;
}

/** Throws where another daemon answers on the socket. Metrics nobody can scrape are no reason not to serve traffic. */
export async function openDoors(
  control: Control,
  intent: Intent,
  access: Access,
  { logger }: Log,
): Promise<Doors> {
  const onFault = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    logger.error({ error: message, stack }, 'a request met a fault');
  };
  const rest = await openRest(control, intent.api, {
    access,
    unixPeer: peerOf,
    onAudit: ({ kind: _kind, atMs: _atMs, ...audit }) => logger.info(audit, 'audit'),
    onRefused: (refused) => logger.warn(refused, 'a caller was refused'),
    onTls: (told) => {
      if ('error' in told)
        logger.error({ error: told.error.message }, 'the API over TCP is not as configured');
      else
        logger.info(
          { until: new Date(told.notAfterMs).toISOString() },
          'the API over TCP has its certificate',
        );
    },
    onFault,
  });
  const metrics = await openMetrics(control, intent.metrics.prometheus, onFault).catch((error: Error) => {
    logger.error({ error: error.message }, 'metrics are not served');
    return undefined;
  });
  const tcp = rest.tcpAddress();
  logger.info(
    {
      api: rest.address,
      ...(tcp === undefined ? {} : { tcp }),
      ...(metrics === undefined ? {} : { metrics: metrics.address }),
    },
    'doors are open',
  );
  const stop = control.onEvent((event) => {
    const taken = event.kind === 'config-loaded' ? control.intent() : undefined;
    if (taken !== undefined) void rest.setSettings(taken.api).catch(onFault);
  });
  return {
    async close() {
      stop();
      await rest.close();
      await metrics?.close();
    },
  };
}
