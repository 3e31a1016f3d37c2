// Unpacks the plain kernel out of a boot image: a translated processor would need several seconds to unpack it at boot.
import { execFileSync } from 'node:child_process';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

// Offsets in the setup header, Documentation/arch/x86/boot.rst.
const SETUP_SECTORS = 0x1f1;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;

const MAGICS: readonly { readonly magic: string; readonly unpack: (data: Buffer) => Buffer }[] = [
  { magic: 'fd377a585a00', unpack: unxz },
  { magic: '28b52ffd', unpack: (data) => zstdDecompressSync(data) },
  { magic: '1f8b08', unpack: (data) => gunzipSync(data) },
];

export function extractVmlinux(image: Buffer): Buffer {
  const start = (image.readUInt8(SETUP_SECTORS) + 1) * SECTOR + image.readUInt32LE(PAYLOAD_OFFSET);
  // The last four bytes of the payload are its unpacked length.
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH) - 4);
  for (const { magic, unpack } of MAGICS) {
    if (payload.subarray(0, magic.length / 2).toString('hex') === magic) return unpack(payload);
  }
  throw new Error(
    `Cannot unpack the guest kernel as its compression is unknown: it begins with ${payload.subarray(0, 6).toString('hex')}`,
  );
}

function unxz(data: Buffer): Buffer {
  return execFileSync('xz', ['-dc'], {
    input: data,
    maxBuffer: 512 << 20,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
