// Where a flow belongs on this node: its listener and member by number, and the other way round. Numbers are each node's own.
import { fromBytes } from '../../../lib/ip.ts';
import { endpointKey } from '../../../model/keys.ts';
import type { ListenerEntry, MemberEntry } from '../entries.ts';
import { MEMBER, MEMBER_FLAG, PROTOCOL_NUMBER, SOURCE_SIZE } from '../layout.ts';

export interface Place {
  readonly listener: ListenerEntry;
  readonly member: MemberEntry;
  /** Addresses we speak to members from; a flow holds an index into them. */
  readonly sources: readonly string[];
}

export class FlowPlaces {
  readonly #members = new Map<number, Place>();
  readonly #listeners = new Map<string, ListenerEntry[]>();
  readonly #sources: ArrayBuffer;
  readonly #rows: DataView;

  constructor(
    entries: Iterable<ListenerEntry>,
    memory: { readonly members: ArrayBuffer; readonly sources: ArrayBuffer },
  ) {
    this.#sources = memory.sources;
    this.#rows = new DataView(memory.members);
    for (const listener of entries) {
      const { transport, address } = listener.spec;
      const id = `${PROTOCOL_NUMBER[transport]}/${address}`;
      const known = this.#listeners.get(id);
      if (known === undefined) this.#listeners.set(id, [listener]);
      else known.push(listener);
      const sources = this.#sourcesOf(listener);
      for (const member of listener.members.values())
        this.#members.set(member.number, { listener, member, sources });
    }
  }

  ofMember(number: number): Place | undefined {
    return this.#members.get(number);
  }

  find(protocol: number, vip: string, port: number, member: string, memberPort: number): Place | undefined {
    const listener = this.#listeners
      .get(`${protocol}/${vip}`)
      ?.find(({ spec }) => spec.portFrom <= port && port <= spec.portTo);
    const entry = listener?.members.get(endpointKey(member, memberPort));
    return entry === undefined ? undefined : this.#members.get(entry.number);
  }

  /** Replies of such a flow are known by an entry of their own. */
  hasReply({ listener, member }: Place): boolean {
    const { mode } = listener.spec;
    if (mode === 'onearm' || mode === 'fullnat') return true;
    if (mode !== 'nat') return false;
    const flags = this.#rows.getUint16(member.number * MEMBER.size + MEMBER.flags, true);
    return (flags & MEMBER_FLAG.shared) !== 0;
  }

  #sourcesOf({ row }: ListenerEntry): readonly string[] {
    const length = row.address.includes(':') ? 16 : 4;
    return Array.from({ length: row.sourceCount }, (_, i) =>
      fromBytes(new Uint8Array(this.#sources, (row.sourceFirst + i) * SOURCE_SIZE, length).slice()),
    );
  }
}
