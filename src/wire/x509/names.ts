// Names in certificates: the subject, and the hosts, addresses and URIs a certificate is good for. Pure.
import { familyOf, toBytes } from '../../lib/ip.ts';
import { implicit, oid, sequence, setOf, utf8 } from './der.ts';

export interface Subject {
  readonly commonName: string;
  readonly organisation?: string;
  readonly unit?: string;
}

/** RFC 4519: O, OU and CN. */
const ATTRIBUTES = { organisation: '2.5.4.10', unit: '2.5.4.11', commonName: '2.5.4.3' } as const;

export function subjectName(subject: Subject): Buffer {
  const parts = Object.entries(ATTRIBUTES).flatMap(([key, id]) => {
    const value = subject[key as keyof Subject];
    return value === undefined ? [] : [setOf(sequence(oid(id), utf8(value)))];
  });
  return sequence(...parts);
}

/** RFC 5280, 4.2.1.6: what is an address is one, what has a scheme is a URI, the rest are host names. */
export function alternativeNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) => {
      if (familyOf(name) !== undefined) return implicit(7, toBytes(name));
      const number = name.includes('://') ? 6 : 2;
      return implicit(number, Buffer.from(name, 'latin1'));
    }),
  );
}
