// Evidence for the doctor about a running daemon; undefined where none runs.

import type { DataPlaneState } from '../model/data-plane.ts';
import { LbError } from '../model/errors.ts';
import type { HaStatus } from '../model/ha-status.ts';
import type { Status } from '../model/status.ts';
import type { DaemonEvidence } from '../plan/doctor/daemon-checks.ts';
import { type Client, NoDaemon } from './client.ts';

export async function askDaemon(
  client: Client,
  own: { readonly version: string; readonly nowMs: number; readonly diskHash?: string | undefined },
): Promise<DaemonEvidence | undefined> {
  let version: { version: string; startedMs: number };
  try {
    version = await client.get('/v1/version');
  } catch (error) {
    if (error instanceof NoDaemon) return undefined;
    throw error;
  }
  const [status, alive, access, audit, plan, objects, ha, planes] = await Promise.all([
    known<Status>(client, '/v1/status'),
    client.get('/healthz').then(
      () => true,
      () => false,
    ),
    known<DaemonEvidence['access']>(client, '/v1/access'),
    known<DaemonEvidence['audit']>(client, '/v1/audit/verdict'),
    known<{ summary: { held: number } }>(client, '/v1/plan'),
    known<{ objects: unknown[] }>(client, '/v1/objects?source=api'),
    known<HaStatus>(client, '/v1/ha'),
    known<{ drivers: Record<string, Pick<DataPlaneState, 'certificates'>> }>(client, '/v1/data-planes'),
  ]);
  const certificates = Object.values(planes?.drivers ?? {}).flatMap((plane) => plane.certificates ?? []);
  return {
    certificates,
    ownVersion: own.version,
    nowMs: own.nowMs,
    target: client.target,
    version: version.version,
    startedMs: version.startedMs,
    alive,
    heldSteps: plan?.summary.held ?? 0,
    ...(status === undefined ? {} : { status }),
    ...(access === undefined ? {} : { access }),
    ...(audit === undefined ? {} : { audit }),
    ...(ha === undefined ? {} : { ha }),
    // Objects of the API are in force beside the files: then the two hashes say nothing of each other.
    ...(own.diskHash === undefined || (objects?.objects.length ?? 0) > 0 ? {} : { diskHash: own.diskHash }),
  };
}

/** What the asker may not see, or is not there yet, is not looked at. */
async function known<T>(client: Client, path: string): Promise<T | undefined> {
  try {
    return await client.get<T>(path);
  } catch (error) {
    if (error instanceof LbError && ['DENIED', 'NOT_READY', 'NOT_FOUND'].includes(error.code))
      return undefined;
    throw error;
  }
}
