// Intent: what people asked for, whole and validated. Doors produce it; nothing in it comes from observation.
import type { Ha } from './ha.ts';
import type { Listener } from './listener.ts';
import type { Pool } from './pool.ts';
import type {
  ApiSettings,
  DaemonSettings,
  DataPlaneSettings,
  GuardSettings,
  LoggingSettings,
  MetricsSettings,
  NetworkSettings,
  NodeSettings,
  NotificationSettings,
  SystemSettings,
} from './settings.ts';
import type { Certificate } from './tls.ts';
import type { Vip } from './vip.ts';

export interface Intent {
  readonly node: NodeSettings;
  readonly network: NetworkSettings;
  readonly dataPlane: DataPlaneSettings;
  readonly vips: ReadonlyMap<string, Vip>;
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly ha?: Ha;
  readonly system: SystemSettings;
  readonly daemon: DaemonSettings;
  readonly guard: GuardSettings;
  readonly api: ApiSettings;
  readonly metrics: MetricsSettings;
  readonly logging: LoggingSettings;
  readonly notifications: NotificationSettings;
}
