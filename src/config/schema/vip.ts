// The blocks `vips` and `certificates`.
import type { z } from 'zod';
import { block } from './block.ts';
import { opt } from './field.ts';
import { prefix } from './numbers.ts';
import { secret } from './secret.ts';
import { flag, interfaceName, name, text } from './words.ts';

export const vipSchema = block('A virtual address.', {
  name: name('What listeners and groups call it.'),
  project: opt(
    name('Project of the API that it belongs to; without one, only callers of the whole node see it.'),
  ),
  address: prefix('The address, with the prefix length put on the interface; without one, /32 or /128.'),
  interface: opt(interfaceName('Interface that carries it; without it, `network.frontend.interface`.')),
  group: opt(name('HA group that moves it; without it, the only group there is, or none.')),
  manage: opt(flag('False leaves the address to somebody else: it is only watched.', true)),
  advertise: opt(
    flag(
      'Announce it as a host route by BGP while a listener on it can serve. Default: true where `ha.bgp` is set.',
    ),
  ),
});

export const certificateSchema = block('A certificate with its key: PEM files, or PEM text from the API.', {
  name: name('What listeners and pools call it.'),
  project: opt(
    name('Project of the API that it belongs to; without one, only callers of the whole node see it.'),
  ),
  certificate: opt(text('PEM file with the certificate and its chain; the key may stand in the same file.')),
  key: opt(text('PEM file with the key, where it is not in the certificate file.')),
  certificate_pem: opt(
    text('The certificate and its chain themselves, as PEM, instead of `certificate`.', {
      maxLength: 65_536,
      pattern: /-----BEGIN CERTIFICATE-----/,
      must: 'a PEM certificate',
    }),
  ),
  key_pem: opt(secret('Its key, as PEM; with `certificate_pem`. Never shown.')),
});

export type VipDoc = z.output<typeof vipSchema>;
export type CertificateDoc = z.output<typeof certificateSchema>;
