// Tells that links or addresses of this namespace changed. Says only "look again"; who hears it reads the tables.
import { ROUTE_GROUP } from '../../wire/netlink/route-numbers.ts';
import { listen, type NetlinkEvent, type NetlinkListener } from './listener.ts';
import { NETLINK } from './netlink-socket.ts';

export interface NetworkWatch {
  readonly onChange: (event: NetlinkEvent) => void;
  readonly onError: (error: Error) => void;
}

export function watchNetwork(watch: NetworkWatch): Promise<NetlinkListener> {
  return listen({
    protocol: NETLINK.route,
    groups: [ROUTE_GROUP.link, ROUTE_GROUP.ipv4Address, ROUTE_GROUP.ipv6Address],
    onEvent: watch.onChange,
    onError: watch.onError,
  });
}
