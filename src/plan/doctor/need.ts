// What a configuration needs of the machine, as far as the doctor can look at it.
import type { Intent } from '../../model/intent.ts';
import type { ConcreteEngine, Mode } from '../../model/protocol.ts';
import type { World } from '../../model/world.ts';
import { type BalancerSettings, balancerSettings } from '../system/balancer-settings.ts';

export interface VipNeed {
  readonly address: string;
  readonly prefixLength: number;
  readonly interface: string;
  /** In an HA group: the peer may hold it. */
  readonly grouped: boolean;
}

export interface SecretFile {
  readonly path: string;
  readonly what: string;
}

export interface Need {
  readonly engines: readonly ConcreteEngine[];
  readonly modes: readonly Mode[];
  readonly interfaces: readonly string[];
  readonly vips: readonly VipNeed[];
  readonly settings: BalancerSettings;
  /** Files that only root (and our group) may read. */
  readonly secretFiles: readonly SecretFile[];
  /** Files that only root may write: they say what runs as root. */
  readonly configFiles: readonly string[];
  readonly haProvider: 'keepalived' | 'frr' | 'none';
  readonly haproxyBinary: string;
  readonly xdpInterfaces: readonly string[];
}

export function needOf(intent: Intent, world: World, configFiles: readonly string[]): Need {
  const grouped = new Set(intent.ha?.groups.flatMap((group) => group.vips) ?? []);
  const vips = [...intent.vips.values()].map(
    (vip): VipNeed => ({
      address: vip.address,
      prefixLength: vip.prefixLength,
      interface: vip.interface ?? intent.network.frontendInterface ?? '',
      grouped: vip.group !== undefined || grouped.has(vip.name),
    }),
  );
  const named = [intent.network.frontendInterface, intent.network.backendInterface];
  const engines = [...new Set(world.listeners.map((listener) => listener.engine))].sort();
  const interfaces = [...named, ...vips.map((vip) => vip.interface)].filter(
    (name) => name !== undefined && name !== '',
  );
  return {
    engines,
    modes: [...new Set(world.listeners.map((listener) => listener.mode))].sort(),
    interfaces: [...new Set(interfaces as string[])].sort(),
    vips,
    settings: balancerSettings(intent, world),
    secretFiles: secretFiles(intent),
    configFiles,
    haProvider: intent.ha === undefined || intent.ha.groups.length === 0 ? 'none' : intent.ha.provider,
    haproxyBinary: intent.dataPlane.haproxy.binary,
    xdpInterfaces: engines.includes('xdp') ? intent.dataPlane.xdp.interfaces : [],
  };
}

function secretFiles(intent: Intent): readonly SecretFile[] {
  const files = [...intent.certificates.values()].map((one) => ({
    path: one.keyFile ?? one.certificateFile,
    what: `key of certificate "${one.name}"`,
  }));
  const api = intent.api.tls === undefined ? [] : [{ path: intent.api.tls.key, what: 'key of the API' }];
  return [...files, ...api].filter((one): one is SecretFile => one.path !== undefined);
}
