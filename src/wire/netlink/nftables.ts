// The two questions we put to nf_tables ourselves (linux/netfilter/nf_tables.h): is a table there, and has anything changed.
import { AttributeReader } from './attribute-reader.ts';
import { FLAG, type NetlinkMessage } from './message.ts';
import type { MessageWriter } from './message-writer.ts';

/** NFNL_SUBSYS_NFTABLES in the upper byte of a message type. */
const SUBSYSTEM = 10 << 8;
const NFT_MSG_GETTABLE = 1;
const NFT_MSG_GETGEN = 16;
const NFTA_TABLE_NAME = 1;
const NFTA_GEN_ID = 1;
/** NFPROTO_INET: `table inet`. */
const NFPROTO_INET = 1;
/** `struct nfgenmsg`: family, version, resource id */
const HEADER_SIZE = 4;

export function writeGetInetTable(writer: MessageWriter, sequence: number, name: string): void {
  writer
    .begin(SUBSYSTEM | NFT_MSG_GETTABLE, FLAG.request, sequence)
    .fixed(Uint8Array.of(NFPROTO_INET, 0, 0, 0))
    .text(NFTA_TABLE_NAME, name);
}

export function writeGetGeneration(writer: MessageWriter, sequence: number): void {
  writer.begin(SUBSYSTEM | NFT_MSG_GETGEN, FLAG.request, sequence).fixed(new Uint8Array(HEADER_SIZE));
}

/** A number that goes up with every transaction on this namespace's ruleset, whoever did it. */
export function readGeneration(message: NetlinkMessage): number {
  const reader = new AttributeReader(message.body, HEADER_SIZE);
  let generation = 0;
  while (reader.next()) if (reader.type === NFTA_GEN_ID) generation = reader.be32();
  if (reader.fault !== undefined) throw reader.fault;
  return generation;
}
