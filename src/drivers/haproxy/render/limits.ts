// Who may connect, how many and how often.
import type { WorldListener } from '../../../model/world.ts';
import { listPath, type Places } from '../names.ts';
import { quote } from '../quote.ts';

/** The stick table of sources stands in the frontend itself; entries live a little longer than the second they count. */
const SOURCES = 'stick-table type ipv6 size 200k expire 10s store conn_rate(1s)';

/** The list of sources that may connect. */
export const ALLOWED = 'allowed';

export function admissionLines(listener: WorldListener, places: Places): string[] {
  const { limits, allowedSources, layer7 } = listener;
  const lines: string[] = [];
  if (limits.connections > 0) lines.push(`maxconn ${limits.connections}`);
  if (limits.connectionsPerSecond > 0) lines.push(`rate-limit sessions ${limits.connectionsPerSecond}`);
  // Behind a PROXY header the source is known once the session is: on the connection it is still the proxy before us.
  const stage = layer7?.acceptProxy === true ? 'session' : 'connection';
  if (allowedSources.length > 0)
    lines.push(
      `acl allowed_source src -f ${quote(listPath(places, listener.key, ALLOWED))}`,
      `tcp-request ${stage} reject if !allowed_source`,
    );
  if (limits.perSourcePerSecond > 0)
    lines.push(
      SOURCES,
      `tcp-request ${stage} track-sc0 src`,
      `tcp-request ${stage} reject if { sc0_conn_rate gt ${limits.perSourcePerSecond} }`,
    );
  if (needsSourcePort(listener)) lines.push('tcp-request session set-var(sess.sport) src_port');
  return lines;
}

/** Balancing by address and port: the hash of the backend reads the port from a variable. */
export function needsSourcePort(listener: WorldListener): boolean {
  return listener.scheduler === 'sh' && listener.schedulerFlags.includes('port');
}
