// Tells that links, addresses or routes of this namespace changed. Says only "look again"; who hears it reads the tables.
import { ROUTE_GROUP } from '../../wire/netlink/route-numbers.ts';
import { listen, type NetlinkEvent, type NetlinkListener } from './listener.ts';
import { NETLINK } from './netlink-socket.ts';

export interface NetworkWatch {
  readonly onChange: (event: NetlinkEvent) => void;
  readonly onError: (error: Error) => void;
  /** How long after a change who hears it waits before it looks: what comes half that soon is seen then, and not told. */
  readonly looksAfterMs: number;
}

export function watchNetwork(watch: NetworkWatch): Promise<NetlinkListener> {
  return listen({
    protocol: NETLINK.route,
    groups: [
      ROUTE_GROUP.link,
      ROUTE_GROUP.ipv4Address,
      ROUTE_GROUP.ipv6Address,
      ROUTE_GROUP.ipv4Route,
      ROUTE_GROUP.ipv6Route,
    ],
    quietMs: watch.looksAfterMs / 2,
    onEvent: watch.onChange,
    onError: watch.onError,
  });
}
