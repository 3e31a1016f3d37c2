// HostTools on this machine.
import { join } from 'node:path';
import type { StepResult } from '../../model/driver.ts';
import type { Plan } from '../../model/plan.ts';
import type { Evidence } from '../../plan/doctor/evidence.ts';
import type { Need } from '../../plan/doctor/need.ts';
import type { Wanted } from '../../plan/system/balancer-items.ts';
import type { Host } from '../../plan/system/host.ts';
import type { HostTools, SettingsOwner } from '../../plan/system/host-tools.ts';
import type { RealServerFacts } from '../../plan/system/real-server.ts';
import { gatherEvidence, moduleState, type ProbeVip } from './gather-evidence.ts';
import { applyHostSettings, type HostSettingsTarget, planHostSettings } from './host-settings.ts';
import { NativeHost } from './native-host.ts';
import { probeVip } from './probe-vip.ts';
import { realServerFacts } from './real-server-facts.ts';

/** Where originals are kept whatever the configuration says: a revert must find them without it. */
const STATE_DIR = '/var/lib/lbctl';

export interface NativeHostOptions {
  readonly host?: Host;
  /** Asks the wire for a VIP. */
  readonly probe?: ProbeVip;
}

export class NativeHostTools implements HostTools {
  readonly #host: Host;
  readonly #probe: ProbeVip;

  constructor(options: NativeHostOptions = {}) {
    this.#host = options.host ?? new NativeHost();
    this.#probe = options.probe ?? probeVip;
  }

  planSettings(owner: SettingsOwner, wanted: Wanted): Plan {
    return planHostSettings(this.#host, targetOf(owner), wanted.items, wanted.notes);
  }

  applySettings(owner: SettingsOwner, wanted: Wanted, plan: Plan): readonly StepResult[] {
    return applyHostSettings(this.#host, targetOf(owner), wanted.items, plan);
  }

  realServerFacts(): RealServerFacts {
    return realServerFacts(this.#host);
  }

  hasModule(name: string): boolean {
    return moduleState(this.#host, name) !== 'missing';
  }

  gatherEvidence(need: Need): Promise<Evidence> {
    return gatherEvidence(this.#host, need, this.#probe);
  }
}

function targetOf(owner: SettingsOwner): HostSettingsTarget {
  return { name: owner, stateFile: join(STATE_DIR, `${owner}-originals.json`) };
}
