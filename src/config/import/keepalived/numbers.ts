// Numbers, durations, netmasks and hex bytes as keepalived writes them, in the spelling of ours.

export function parseDecimal(text: string): number | undefined {
  return /^\d{1,12}(\.\d{0,9})?$/.test(text) || /^\.\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** `255.255.255.0` or `24` to 24; `64` for IPv6. */
export function parseGranularity(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) {
    const length = Number(text);
    return length >= 1 && length <= 128 ? length : undefined;
  }
  const octets = text.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (octets.length !== 4 || octets.some((octet) => octet > 255)) return undefined;
  const bits = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const length = bits.indexOf('0') < 0 ? 32 : bits.indexOf('0');
  return length > 0 && !bits.slice(length).includes('1') ? length : undefined;
}

/** keepalived's free hex (`Ab12f 3 456` is AB 12 0F 03 45 06) as nibble pairs; `x` stays where a mask is allowed. */
export function hexBytes(words: readonly string[], masked: boolean): string[] | undefined {
  const pairs: string[] = [];
  for (const word of words) {
    if (!(masked ? /^[0-9a-fA-FxX]+$/ : /^[0-9a-fA-F]+$/).test(word)) return undefined;
    for (let i = 0; i < word.length; i += 2)
      pairs.push(
        word
          .slice(i, i + 2)
          .toLowerCase()
          .padStart(2, '0'),
      );
  }
  return pairs;
}

/** A regular expression over latin-1 text for bytes with masked nibbles. A shorter reply need only agree as far as it goes. */
export function expectationOf(pairs: readonly string[]): string {
  let expression = '';
  for (const pair of pairs.toReversed()) expression = `(?:$|${byteClass(pair)}${expression})`;
  return `^${expression}`;
}

function byteClass(pair: string): string {
  const [high, low] = [pair.charAt(0), pair.charAt(1)];
  if (high === 'x' && low === 'x') return '[\\x00-\\xff]';
  if (low === 'x') return `[\\x${high}0-\\x${high}f]`;
  if (high === 'x') return `[${[...'0123456789abcdef'].map((digit) => `\\x${digit}${low}`).join('')}]`;
  return `\\x${pair}`;
}
