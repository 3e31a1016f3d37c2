// Members whose replies pass through us, by address and port: how the program knows a reply. Several listeners may share
// an endpoint; then, and wherever the source is rewritten, a reply is told by an entry of its own.
import type { ListenerEntry, MemberEntry } from './entries.ts';
import { MEMBER, MEMBER_FLAG, PROTOCOL_NUMBER, VIP_KIND, VIP_MEMBER_SHARED } from './layout.ts';
import { type PendingWrites, u32 } from './pending-writes.ts';
import { vipKey } from './vip-key.ts';

interface Endpoint {
  readonly key: Uint8Array;
  readonly address: string;
  /** Member numbers, the oldest first: it answers for flows from before the endpoint was shared. */
  readonly numbers: Set<number>;
  rewritten: boolean;
}

export class Endpoints {
  readonly #writes: { readonly 4: PendingWrites; readonly 6: PendingWrites };
  readonly #members: ArrayBuffer;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(writes: { readonly 4: PendingWrites; readonly 6: PendingWrites }, members: ArrayBuffer) {
    this.#writes = writes;
    this.#members = members;
  }

  /** Takes note of what is in the tables already. */
  adopt(listener: ListenerEntry, member: MemberEntry): void {
    if (isTranslating(listener)) this.#note(listener, member);
  }

  put(listener: ListenerEntry, member: MemberEntry): void {
    if (!isTranslating(listener)) {
      this.remove(listener, member);
      return;
    }
    this.#write(this.#note(listener, member));
  }

  remove(listener: ListenerEntry, member: MemberEntry): void {
    const id = idOf(listener, member);
    const endpoint = this.#endpoints.get(id);
    if (endpoint === undefined || !endpoint.numbers.delete(member.number)) return;
    if (endpoint.numbers.size > 0) this.#write(endpoint);
    else {
      this.#endpoints.delete(id);
      this.#pending(endpoint).delete(endpoint.key);
    }
  }

  isShared(listener: ListenerEntry, member: MemberEntry): boolean {
    return (this.#endpoints.get(idOf(listener, member))?.numbers.size ?? 0) > 1;
  }

  #note(listener: ListenerEntry, member: MemberEntry): Endpoint {
    const id = idOf(listener, member);
    let endpoint = this.#endpoints.get(id);
    if (endpoint === undefined) {
      const { address } = member.spec;
      const protocol = PROTOCOL_NUMBER[listener.spec.transport];
      const key = vipKey(address, portOf(listener, member), protocol, VIP_KIND.member);
      endpoint = { key, address, numbers: new Set(), rewritten: false };
      this.#endpoints.set(id, endpoint);
    }
    endpoint.numbers.add(member.number);
    if (listener.spec.mode !== 'nat') endpoint.rewritten = true;
    return endpoint;
  }

  #write(endpoint: Endpoint): void {
    const [first] = endpoint.numbers;
    const shared = endpoint.numbers.size > 1;
    this.#pending(endpoint).put(
      endpoint.key,
      u32(first! | (shared || endpoint.rewritten ? VIP_MEMBER_SHARED : 0)),
    );
    for (const number of endpoint.numbers) {
      const view = new DataView(this.#members, number * MEMBER.size, MEMBER.size);
      const flags = view.getUint16(MEMBER.flags, true);
      const wanted = shared ? flags | MEMBER_FLAG.shared : flags & ~MEMBER_FLAG.shared;
      if (flags & MEMBER_FLAG.present && flags !== wanted) view.setUint16(MEMBER.flags, wanted, true);
    }
  }

  #pending(endpoint: Endpoint): PendingWrites {
    return this.#writes[endpoint.address.includes(':') ? 6 : 4];
  }
}

function isTranslating({ spec }: ListenerEntry): boolean {
  return spec.mode === 'nat' || spec.mode === 'onearm' || spec.mode === 'fullnat';
}

/** What a reply comes from: the member's own port, that of the listener, or (a range) any. */
function portOf({ spec }: ListenerEntry, member: MemberEntry): number {
  if (spec.portFrom !== spec.portTo) return 0;
  return member.spec.port === 0 ? spec.portFrom : member.spec.port;
}

function idOf(listener: ListenerEntry, member: MemberEntry): string {
  return `${listener.spec.transport} ${member.spec.address} ${portOf(listener, member)}`;
}
