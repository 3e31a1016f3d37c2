// nftables without a kernel: holds tables of chains, rules and maps in the shape `nft -j` lists them; fails on command.
import { OpError } from '../../model/errors.ts';
import type { NftObject, NftPort } from '../ports.ts';

interface Named {
  readonly family: string;
  readonly table?: string;
  readonly name?: string;
  readonly chain?: string;
}

interface Table {
  readonly chains: Map<string, { chain: NftObject; rules: NftObject[] }>;
  readonly maps: Map<string, { map: NftObject; elements: Map<string, unknown> }>;
}

export class FakeNft implements NftPort {
  #tables = new Map<string, Table>();
  #fault: string | undefined;
  /** Transactions done. */
  transactions = 0;

  /** The next transaction fails with this message. */
  failNext(message: string): void {
    this.#fault = message;
  }

  generation(): number {
    return this.transactions;
  }

  async listTable(family: string, name: string): Promise<readonly NftObject[] | undefined> {
    const table = this.#tables.get(`${family} ${name}`);
    if (table === undefined) return undefined;
    return [
      { table: { family, name } },
      ...[...table.maps.values()].map(({ map, elements }) => ({
        map: elements.size === 0 ? map : { ...map, elem: [...elements.values()] },
      })),
      ...[...table.chains.values()].map(({ chain }) => ({ chain })),
      ...[...table.chains.values()].flatMap(({ rules }) => rules.map((rule) => ({ rule }))),
    ];
  }

  async run(commands: readonly NftObject[]): Promise<void> {
    const message = this.#fault;
    this.#fault = undefined;
    if (message !== undefined) throw refusal(message);
    const before = structuredClone(this.#tables);
    try {
      for (const command of commands) this.#do(command);
      this.transactions += 1;
    } catch (error) {
      this.#tables = before;
      throw error;
    }
  }

  close(): void {}

  #do(command: NftObject): void {
    const [verb] = Object.keys(command);
    const [kind, object] = Object.entries(command[verb!] as NftObject)[0] as [string, Named];
    const tableKey =
      kind === 'table' ? `${object.family} ${object.name}` : `${object.family} ${object.table}`;
    if (kind === 'table') {
      if (verb === 'add' && !this.#tables.has(tableKey))
        this.#tables.set(tableKey, { chains: new Map(), maps: new Map() });
      else if (verb === 'delete' && !this.#tables.delete(tableKey))
        throw refusal('No such file or directory');
      return;
    }
    const table = this.#tables.get(tableKey);
    if (table === undefined) throw refusal(`No such file or directory: table ${tableKey}`);
    if (kind === 'chain') doChain(table, verb!, object);
    else if (kind === 'rule') this.#chainOf(table, object.chain!).rules.push(object as unknown as NftObject);
    else if (kind === 'map') doMap(table, verb!, object);
    else if (kind === 'element') doElements(table, verb!, object);
  }

  #chainOf(table: Table, name: string): { rules: NftObject[] } {
    const chain = table.chains.get(name);
    if (chain === undefined) throw refusal(`No such file or directory: chain ${name}`);
    return chain;
  }
}

function doChain(table: Table, verb: string, object: Named): void {
  const name = object.name!;
  const found = table.chains.get(name);
  if (verb === 'add') {
    if (found === undefined) table.chains.set(name, { chain: object as unknown as NftObject, rules: [] });
    return;
  }
  if (found === undefined) throw refusal(`No such file or directory: chain ${name}`);
  if (verb === 'flush') found.rules.splice(0);
  else if (isReferenced(table, name)) throw refusal(`Device or resource busy: chain ${name}`);
  else table.chains.delete(name);
}

function isReferenced(table: Table, chain: string): boolean {
  const text = JSON.stringify({ target: chain });
  return [...table.maps.values()].some(({ elements }) =>
    [...elements.values()].some((element) => JSON.stringify(element).includes(text.slice(1, -1))),
  );
}

function doMap(table: Table, verb: string, object: Named): void {
  const name = object.name!;
  if (verb === 'add') {
    if (!table.maps.has(name))
      table.maps.set(name, { map: object as unknown as NftObject, elements: new Map() });
  } else if (!table.maps.delete(name)) throw refusal(`No such file or directory: map ${name}`);
}

function doElements(table: Table, verb: string, object: Named): void {
  const map = table.maps.get(object.name!);
  if (map === undefined) throw refusal(`No such file or directory: map ${object.name}`);
  for (const element of (object as unknown as { elem: [unknown, unknown][] }).elem) {
    const key = JSON.stringify(element[0]);
    if (verb === 'delete') {
      if (!map.elements.delete(key)) throw refusal(`No such file or directory: element ${key}`);
    } else if (map.elements.has(key) && JSON.stringify(map.elements.get(key)) !== JSON.stringify(element)) {
      throw refusal(`File exists: element ${key}`);
    } else map.elements.set(key, element);
  }
}

function refusal(message: string): OpError {
  return new OpError('NFT_FAILED', `Cannot change table "inet lbctl" as nft refused: ${message}`, {
    op: 'nft -j -f -',
    target: 'inet lbctl',
    kernelMessage: message,
  });
}
