// The merged document -> Intent, whole and with every default; objects remember where they were written.
import { Note } from '../../lib/note.ts';
import type { Intent } from '../../model/intent.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import type { Certificate } from '../../model/tls.ts';
import type { Vip } from '../../model/vip.ts';
import { DEFAULTS } from '../defaults.ts';
import type { Merged } from '../merge.ts';
import { below, type Origin, type Report } from '../report.ts';
import type { ListenerDoc } from '../schema/listener.ts';
import type { CertificateDoc } from '../schema/vip.ts';
import { given } from './given.ts';
import { toHa } from './ha.ts';
import { type ListenerDefaults, ownedPool, toListener, vipReferences } from './listener.ts';
import { originOf, setOrigin } from './origins.ts';
import { toPool } from './pool.ts';
import { SameTable } from './same-table.ts';
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
import { VipTable } from './vip-table.ts';

export function decode(merged: Merged, hostName: string, secrets: SecretReader, report: Report): Intent {
  const { main } = merged;
  const root: Origin = { file: merged.mainFile, path: [] };
  const role = main.node?.role ?? DEFAULTS.nodeRole;
  const network = toNetwork(main.network);
  const dataPlane = toDataPlane(main);
  const vips = new VipTable(merged);
  const listeners = new SameTable(LAST_LISTENERS.get(main));
  const pools = new Map<string, Pool>();

  for (const { doc, origin } of merged.pools) {
    const pool = madeOnce(POOLS, doc, () => toPool(doc, origin, secrets), secrets, report);
    pools.set(pool.name, pool);
    setOrigin(pool, origin);
  }
  for (const { doc, origin } of merged.listeners) {
    if (doc.pool === undefined) {
      const clash = pools.get(doc.name);
      if (clash !== undefined)
        report.add(
          'duplicate-name',
          below(origin, 'name'),
          `The pool of this listener and a pool are called "${doc.name}"`,
          { other: below(originOf(clash)!, 'name') },
        );
      // It stands at the listener. Empty where that only redirects; whether it may be is a check's question.
      const pool = madeOnce(POOLS, doc, () => toPool(ownedPool(doc), origin, secrets), secrets, report);
      pools.set(pool.name, pool);
      setOrigin(pool, origin);
    }
    for (const reference of referencesOf(doc)) vips.add(reference, doc, origin);
    const listener = listenerOf(doc, pools.get(doc.pool ?? doc.name), dataPlane, vips);
    listeners.set(listener);
    setOrigin(listener, origin);
  }

  const certificates = new Map<string, Certificate>();
  for (const { doc, origin } of merged.certificates) {
    const certificate = madeOnce(
      CERTIFICATES,
      doc,
      () => toCertificate(doc, origin, secrets),
      secrets,
      report,
    );
    certificates.set(certificate.name, certificate);
    setOrigin(certificate, origin);
  }

  const intent = given({
    node: { name: main.node?.name ?? hostName, role },
    network,
    dataPlane,
    vips: vips.byName as ReadonlyMap<string, Vip>,
    listeners: listeners.table,
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
  LAST_LISTENERS.set(main, listeners.table);
  return intent;
}

/** Of the last Intent with these blocks of the node. */
const LAST_LISTENERS = new Note<Merged['main'], ReadonlyMap<string, Listener>>();

function toCertificate(doc: CertificateDoc, origin: Origin, secrets: SecretReader): Certificate {
  return given({
    name: doc.name,
    certificateFile: doc.certificate,
    keyFile: doc.key,
    certificatePem: doc.certificate_pem,
    keyPem: secrets.resolve(doc.key_pem, below(origin, 'key_pem')),
  });
}

/** Decoded before of the very same words: the same object, so that whoever compares sees at once that nothing changed. */
const POOLS = new Note<object, Pool>();
const CERTIFICATES = new Note<object, Certificate>();
const LISTENERS = new Note<
  object,
  {
    readonly defaults: ListenerDefaults;
    readonly names: readonly (string | undefined)[];
    readonly pool: Pool | undefined;
    readonly listener: Listener;
  }
>();
const REFERENCES = new Note<object, readonly string[]>();

/** What names secrets is decoded anew: their values may have changed, and what is said of them must be said again. */
function madeOnce<T extends object>(
  known: Note<object, T>,
  doc: object,
  make: () => T,
  secrets: SecretReader,
  report: Report,
): T {
  const before = known.get(doc);
  if (before !== undefined) return before;
  const [seen, found] = [secrets.seen.length, report.findings.length];
  const made = make();
  if (secrets.seen.length === seen && report.findings.length === found) known.set(doc, made);
  return made;
}

function referencesOf(doc: ListenerDoc): readonly string[] {
  let references = REFERENCES.get(doc);
  if (references === undefined) {
    references = vipReferences(doc);
    REFERENCES.set(doc, references);
  }
  return references;
}

function listenerOf(
  doc: ListenerDoc,
  pool: Pool | undefined,
  { engine, mode }: ListenerDefaults,
  vips: VipTable,
): Listener {
  const known = LISTENERS.get(doc);
  const references = referencesOf(doc);
  if (
    known !== undefined &&
    known.pool === pool &&
    known.defaults.engine === engine &&
    known.defaults.mode === mode &&
    references.every((reference, i) => vips.nameOf(reference) === known.names[i])
  )
    return known.listener;
  const listener = toListener(doc, pool, { engine, mode }, vips);
  const names = references.map((reference) => vips.nameOf(reference));
  LISTENERS.set(doc, { defaults: { engine, mode }, names, pool, listener });
  return listener;
}
