// Our nftables table through one apply: reads it when the first step needs it, changes it in one transaction a call.
import type { NftPort } from '../../kernel/ports.ts';
import type { LbError } from '../../model/errors.ts';
import type { Fields } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import { toLbError } from './failure.ts';
import { diffModels } from './nft-diff.ts';
import { isEmptyEntry, type NftEntry } from './nft-entry.ts';
import { buildModel, EMPTY_MODEL, type NftModel, TABLE_FAMILY, TABLE_NAME } from './nft-model.ts';
import { entriesOf, readModel } from './nft-read.ts';
import { parseTarget } from './service-key.ts';

const NFT_FIELDS = ['through', 'source', 'allowed', 'maxConnections'] as const;

export class NftTable {
  readonly #port: NftPort;

  constructor(port: NftPort) {
    this.#port = port;
  }

  /** A transaction is all or nothing: where the kernel refuses it, each step is tried alone, so that one does not hold up all. */
  async apply(steps: readonly Step[], errors: Map<Step, LbError>): Promise<void> {
    const concerned = steps.filter((step) => !errors.has(step) && concernsNft(step));
    if (concerned.length === 0) return;
    try {
      await this.#change(concerned);
    } catch (error) {
      if (concerned.length === 1) errors.set(concerned[0]!, toLbError(error, concerned[0]!.id));
      else for (const step of concerned) await this.apply([step], errors);
    }
  }

  async #change(steps: readonly Step[]): Promise<void> {
    const model = await readTable(this.#port);
    const entries = new Map(entriesOf(model ?? EMPTY_MODEL));
    for (const step of steps) {
      const key = String(step.item.kind === 'nft' ? step.item.fields.listener : step.item.key);
      const entry = step.verb === 'remove' ? undefined : toEntry(key, step.item.fields);
      if (entry === undefined || isEmptyEntry(entry)) entries.delete(key);
      else entries.set(key, entry);
    }
    await this.#port.run(diffModels(model, buildModel(entries.values())));
  }
}

/** Undefined where there is no such table. */
export async function readTable(port: NftPort): Promise<NftModel | undefined> {
  const objects = await port.listTable(TABLE_FAMILY, TABLE_NAME);
  return objects === undefined ? undefined : readModel(objects);
}

function concernsNft(step: Step): boolean {
  if (step.item.kind === 'nft') return true;
  if (step.item.kind !== 'listener') return false;
  return NFT_FIELDS.some(
    (field) => field in step.item.fields || (step.before !== undefined && field in step.before),
  );
}

function toEntry(key: string, fields: Fields): NftEntry | undefined {
  const target = parseTarget(key);
  if (target === undefined) return undefined;
  const { through, source, allowed, maxConnections } = fields;
  return {
    target,
    ...(through === undefined ? {} : { mark: Number.parseInt(String(through).replace('mark 0x', ''), 16) }),
    ...(source === undefined ? {} : { sources: source === 'own' ? [] : String(source).split(',') }),
    ...(allowed === undefined ? {} : { allowed: allowed === 'none' ? [] : String(allowed).split(',') }),
    ...(maxConnections === undefined ? {} : { maxConnections: Number(maxConnections) }),
  };
}
