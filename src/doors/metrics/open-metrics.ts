// Serves metrics to Prometheus over plain HTTP: the path of the settings, /health and /.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpError } from '../../model/errors.ts';
import type { PrometheusSettings } from '../../model/settings.ts';
import type { MetricsPage } from './metrics-page.ts';

export interface Metrics {
  /** `http://127.0.0.1:9090/metrics` */
  readonly address: string;
  close(): Promise<void>;
}

const READ_MS = 10_000;
const IDLE_MS = 60_000;
/** Scrapers are few; more is a mistake or an attack. */
const MOST_CONNECTIONS = 64;
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Undefined where the settings do not ask for it. */
export async function openMetrics(
  page: MetricsPage,
  settings: PrometheusSettings,
  /** For the log: faults of ours that a scrape met. */
  onFault: (error: unknown) => void = () => undefined,
): Promise<Metrics | undefined> {
  if (!settings.enabled) return undefined;
  const server = createServer({ headersTimeout: READ_MS, requestTimeout: READ_MS }, (request, response) => {
    void answer(request, response, settings, page, onFault);
  });
  server.keepAliveTimeout = IDLE_MS;
  server.timeout = IDLE_MS;
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, settings);
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    address: `http://${host}:${port}${settings.path}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  settings: PrometheusSettings,
  page: MetricsPage,
  onFault: (error: unknown) => void,
): Promise<void> {
  const tell = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return tell(405, 'only GET and HEAD\n');
  }
  const path = request.url?.split('?', 1)[0];
  try {
    if (path === settings.path) {
      const chunks = await page.read();
      const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      response.writeHead(200, { 'content-type': TYPE, 'content-length': length });
      if (request.method !== 'HEAD') for (const chunk of chunks) response.write(chunk);
      response.end();
      return;
    }
    if (path === '/health') return tell(200, 'OK\n');
    if (path === '/') return tell(200, `lbctl: metrics are at ${settings.path}\n`);
    return tell(404, 'not found\n');
  } catch (error) {
    // Its words may hold anything: they are for the log.
    onFault(error);
    return tell(500, 'the scrape failed\n');
  }
}

function listen(server: Server, { bind, port }: PrometheusSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new OpError(
          'DRIVER_FAILED',
          `Cannot serve metrics on "${bind}" port ${port}: ${cause.message}`,
          {
            op: 'listen',
            target: `${bind} ${port}`,
            ...(cause.code === undefined ? {} : { errno: cause.code }),
          },
          { hint: 'Free the port, or change metrics.prometheus.bind or .port', cause },
        ),
      ),
    );
    server.listen({ host: bind, port }, resolve);
  });
}
