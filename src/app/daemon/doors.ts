// The doors of a running daemon: the API on its socket and over TLS, metrics pulled and pushed; what they meet goes to the log.

import { openInflux } from '../../doors/influx/influx-push.ts';
import { MetricsPage } from '../../doors/metrics/metrics-page.ts';
import { openMetrics } from '../../doors/metrics/open-metrics.ts';
import type { Access, TcpState } from '../../doors/rest/access.ts';
import { openRest } from '../../doors/rest/open-rest.ts';
import type { Control } from '../../engine/control.ts';
import { peerOf } from '../../kernel/native/peer.ts';
import { trustSystem } from '../../kernel/system-trust.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Intent } from '../../model/intent.ts';
import type { Trouble } from '../../model/status.ts';
import { AsWanted } from './as-wanted.ts';
import type { Log } from './log.ts';
import { type Troubles, toTrouble } from './troubles.ts';

export interface Doors {
  close(): Promise<void>;
}

/** Throws where another daemon answers on the socket. Metrics nobody can scrape are no reason not to serve traffic. */
export async function openDoors(
  control: Control & { readonly troubles: Troubles },
  intent: Intent,
  access: Access,
  log: Log,
): Promise<Doors> {
  const { logger } = log;
  const onFault = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    logger.error({ error: message, stack }, 'a request met a fault');
  };
  let refused = 0;
  const rest = await openRest(control, intent.api, {
    access,
    unixPeer: peerOf,
    onAudit: ({ kind: _kind, atMs: _atMs, ...audit }) => logger.info(audit, 'audit'),
    onRefused: (caller) => {
      refused++;
      logger.warn(caller, 'a caller was refused');
    },
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
  const page: MetricsPage = new MetricsPage(control, intent.metrics.prometheus.maxSeries, () => {
    const { wanted, certificateUntilMs } = rest.tcp();
    const counts = influx.current?.counts;
    return {
      auditWaiting: access.audit.waiting,
      ...(counts === undefined ? {} : { influx: counts }),
      ...(log.gelfDropped === undefined ? {} : { gelfDropped: log.gelfDropped }),
      ...(wanted ? { apiRefused: refused } : {}),
      ...(certificateUntilMs === undefined ? {} : { apiCertificateUntilMs: certificateUntilMs }),
    };
  });
  const prometheus = new AsWanted({
    clock: systemClock,
    open: (settings: Intent['metrics']['prometheus']) => openMetrics(page, settings, onFault),
    onFault: (error) => logger.error({ error: error.message }, 'metrics are not served'),
    onOpen: ({ address }) => logger.info({ metrics: address }, 'metrics are served'),
  });
  const influx = new AsWanted({
    clock: systemClock,
    open: async (settings: Intent['metrics']['influx']) =>
      settings === undefined
        ? undefined
        : openInflux(settings, {
            read: () => {
              trustSystem();
              return page.read();
            },
            nowMs: () => Date.now(),
            onState: (state) => {
              if (state.ok) logger.info({ url: settings.url }, 'metrics reach InfluxDB');
              else logger.warn({ url: settings.url, why: state.why }, 'metrics do not reach InfluxDB');
            },
          }),
    onFault,
  });
  control.troubles.add(() => [
    ...tcpTrouble(rest.tcp()),
    ...(prometheus.fault === undefined
      ? []
      : [
          toTrouble(
            prometheus.fault,
            'Free the port, or change metrics.prometheus; it is tried again by itself',
          ),
        ]),
    ...(influx.current?.fault === undefined
      ? []
      : [
          {
            message: `Metrics do not reach InfluxDB: ${influx.current.fault}`,
            cure: 'Check metrics.influx and the server; it is tried again by itself',
          },
        ]),
  ]);
  const setIntent = async ({ api, metrics }: Intent): Promise<void> => {
    page.maxSeries = metrics.prometheus.maxSeries;
    await Promise.all([
      rest.setSettings(api).catch((error: Error) => {
        logger.error({ error: error.message, api: rest.address }, 'the API stays on its old socket');
      }),
      prometheus.set(metrics.prometheus),
      // The token by its text: a new one in the same file is a change.
      influx.set(metrics.influx, metrics.influx?.token.reveal()),
    ]);
  };
  await setIntent(intent);
  const [tcp, scraped] = [rest.tcp().address, prometheus.current?.address];
  logger.info(
    {
      api: rest.address,
      ...(tcp === undefined ? {} : { tcp }),
      ...(scraped === undefined ? {} : { metrics: scraped }),
    },
    'doors are open',
  );
  const stop = control.onEvent((event) => {
    const taken = event.kind === 'config-loaded' ? control.intent() : undefined;
    if (taken === undefined) return;
    void setIntent(taken).catch(onFault);
  });
  return {
    async close() {
      stop();
      await Promise.all([rest.close(), prometheus.close(), influx.close()]);
      page.close();
    },
  };
}

function tcpTrouble({ trouble, address }: TcpState): readonly Trouble[] {
  if (trouble === undefined) return [];
  const rest = address === undefined ? '' : '; it is served as it was';
  return [
    { message: `${trouble}${rest}`, cure: 'Correct api.tls or api.listen; it is tried again by itself' },
  ];
}
