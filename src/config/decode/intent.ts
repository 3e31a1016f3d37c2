// The merged document -> Intent, whole and with every default; objects remember where they were written.
import { isIp } from '../../lib/ip.ts';
import { bitsOf } from '../../lib/prefix.ts';
import type { Intent } from '../../model/intent.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import type { Certificate } from '../../model/tls.ts';
import type { Vip } from '../../model/vip.ts';
import { DEFAULTS } from '../defaults.ts';
import type { Merged, Placed } from '../merge.ts';
import { below, type Origin, type Report } from '../report.ts';
import type { ListenerDoc } from '../schema/listener.ts';
import type { VipDoc } from '../schema/vip.ts';
import { given } from './given.ts';
import { toHa } from './ha.ts';
import { ownedPool, toListener, vipReferences } from './listener.ts';
import { toPool } from './pool.ts';
import type { SecretReader } from './secret-reader.ts';
import {
  toApi,
  toDataPlane,
  toLogging,
  toMetrics,
  toNetwork,
  toNotifications,
  toSystem,
} from './settings.ts';

export interface Decoded {
  readonly intent: Intent;
  /** Where a Vip, Listener, Pool or Certificate of the Intent stands. A pool a listener owns stands at the listener. */
  readonly origins: ReadonlyMap<object, Origin>;
}

export function decode(merged: Merged, hostName: string, secrets: SecretReader, report: Report): Decoded {
  const { main } = merged;
  const root: Origin = { file: merged.mainFile, path: [] };
  const origins = new Map<object, Origin>();
  const role = main.node?.role ?? DEFAULTS.nodeRole;
  const network = toNetwork(main.network);
  const dataPlane = toDataPlane(main);
  const vips = new VipTable(merged, origins);
  const listeners = new Map<string, Listener>();
  const pools = new Map<string, Pool>();

  for (const { doc, origin } of merged.pools) {
    const pool = poolOf(doc, () => toPool(doc, origin, secrets), secrets, report);
    pools.set(pool.name, pool);
    origins.set(pool, origin);
  }
  for (const { doc, origin } of merged.listeners) {
    if (doc.pool === undefined) {
      const clash = pools.get(doc.name);
      if (clash !== undefined)
        report.add(
          'duplicate-name',
          below(origin, 'name'),
          `The pool of this listener and a pool are called "${doc.name}"`,
          { other: below(origins.get(clash)!, 'name') },
        );
      // Empty where the listener only redirects; whether it may be is a check's question.
      const pool = poolOf(doc, () => toPool(ownedPool(doc), origin, secrets), secrets, report);
      pools.set(pool.name, pool);
      origins.set(pool, origin);
    }
    for (const reference of vipReferences(doc)) vips.add(reference, origin);
    const listener = listenerOf(doc, pools.get(doc.pool ?? doc.name), dataPlane, vips);
    listeners.set(listener.name, listener);
    origins.set(listener, origin);
  }

  const certificates = new Map<string, Certificate>();
  for (const { doc, origin } of merged.certificates) {
    const certificate = given({
      name: doc.name,
      certificateFile: doc.certificate,
      keyFile: doc.key,
      certificatePem: doc.certificate_pem,
      keyPem: secrets.resolve(doc.key_pem, below(origin, 'key_pem')),
    });
    certificates.set(certificate.name, certificate);
    origins.set(certificate, origin);
  }

  const intent = given({
    node: { name: main.node?.name ?? hostName, role },
    network,
    dataPlane,
    vips: vips.byName as ReadonlyMap<string, Vip>,
    listeners: listeners as ReadonlyMap<string, Listener>,
    pools: pools as ReadonlyMap<string, Pool>,
    certificates: certificates as ReadonlyMap<string, Certificate>,
    ha:
      main.ha === undefined
        ? undefined
        : toHa(main.ha, below(root, 'ha'), {
            role,
            frontendInterface: network.frontendInterface,
            backendInterface: network.backendInterface,
            vips: [...vips.byName.values()],
            secrets,
          }),
    system: toSystem(main.system),
    daemon: {
      reconcileIntervalMs: main.daemon?.reconcile_interval ?? DEFAULTS.daemon.reconcileIntervalMs,
      watchFiles: main.daemon?.watch_files ?? DEFAULTS.daemon.watchFiles,
    },
    guard: {
      maxDeletePercent: main.guard?.max_delete_percent ?? DEFAULTS.guard.maxDeletePercent,
      freeDeletions: main.guard?.free_deletions ?? DEFAULTS.guard.freeDeletions,
      maxAddListeners: main.guard?.max_add_listeners ?? DEFAULTS.guard.maxAddListeners,
      maxMembersPerListener: main.guard?.max_members_per_listener ?? DEFAULTS.guard.maxMembersPerListener,
    },
    api: toApi(main.api),
    metrics: toMetrics(main.metrics, below(root, 'metrics'), secrets),
    logging: toLogging(main.logging),
    notifications: toNotifications(main.notifications, below(root, 'notifications'), secrets),
  });
  return { intent, origins };
}

/** Decoded before of the very same words: the same object, so that whoever compares sees at once that nothing changed. */
const POOLS = new WeakMap<object, Pool>();
const LISTENERS = new WeakMap<
  object,
  { readonly key: string; readonly pool: Pool | undefined; readonly listener: Listener }
>();

/** What names secrets is decoded anew: their values may have changed, and what is said of them must be said again. */
function poolOf(doc: object, make: () => Pool, secrets: SecretReader, report: Report): Pool {
  const known = POOLS.get(doc);
  if (known !== undefined) return known;
  const before = [secrets.seen.length, report.findings.length];
  const pool = make();
  if (secrets.seen.length === before[0] && report.findings.length === before[1]) POOLS.set(doc, pool);
  return pool;
}

function listenerOf(
  doc: ListenerDoc,
  pool: Pool | undefined,
  { engine, mode }: ReturnType<typeof toDataPlane>,
  vips: VipTable,
): Listener {
  const key = [engine, mode, ...vipReferences(doc).map((reference) => vips.nameOf(reference) ?? '')].join(
    ' ',
  );
  const known = LISTENERS.get(doc);
  if (known?.key === key && known.pool === pool) return known.listener;
  const listener = toListener(doc, pool, { engine, mode }, vips);
  LISTENERS.set(doc, { key, pool, listener });
  return listener;
}

/** VIPs by name and address; grows by those that listeners name by address. */
class VipTable {
  readonly byName = new Map<string, Vip>();
  readonly #byAddress = new Map<string, Vip>();
  readonly #origins: Map<object, Origin>;
  readonly #onlyGroup: string | undefined;
  readonly #advertise: boolean;

  constructor(merged: Merged, origins: Map<object, Origin>) {
    this.#origins = origins;
    const groups = merged.main.ha?.groups ?? [];
    this.#onlyGroup = groups.length === 1 ? groups[0]!.name : undefined;
    this.#advertise = merged.main.ha?.bgp !== undefined;
    for (const placed of merged.vips) this.#put(this.#fromDoc(placed), placed.origin);
  }

  /** Makes a VIP of an address that none has. */
  add(reference: string, origin: Origin): void {
    if (!isIp(reference) || this.#byAddress.has(reference) || this.byName.has(reference)) return;
    const vip = given({
      name: reference,
      address: reference,
      prefixLength: bitsOf(reference.includes(':') ? 6 : 4),
      group: this.#onlyGroup,
      manage: true,
      advertise: this.#advertise,
    });
    this.#put(vip, origin);
  }

  nameOf(reference: string): string | undefined {
    return (this.byName.get(reference) ?? this.#byAddress.get(reference))?.name;
  }

  #fromDoc({ doc }: Placed<VipDoc>): Vip {
    const manage = doc.manage ?? true;
    return given({
      name: doc.name,
      address: doc.address.address,
      prefixLength: doc.address.length,
      interface: doc.interface,
      // What somebody else carries is moved by somebody else, unless a group is named.
      group: doc.group ?? (manage ? this.#onlyGroup : undefined),
      manage,
      advertise: doc.advertise ?? this.#advertise,
    });
  }

  #put(vip: Vip, origin: Origin): void {
    this.byName.set(vip.name, vip);
    if (!this.#byAddress.has(vip.address)) this.#byAddress.set(vip.address, vip);
    this.#origins.set(vip, origin);
  }
}
