// Generated YAML documents in every style the language is written in, for property tests.
import fc from 'fast-check';

const PLAIN = [
  'web',
  'a b',
  '10.0.0.1',
  '2001:db8::1',
  '80',
  '010',
  '0x10',
  '0o17',
  '1e3',
  '-5',
  '+7',
  '1.5',
  '.5',
  '5.',
  '1_000',
  'yes',
  'no',
  'on',
  'off',
  'true',
  'False',
  'null',
  '~',
  '.inf',
  '-.INF',
  '2001-01-01',
  '2001-01-01T00:00:00Z',
  '1:20',
  '8000-8010',
  '5s',
  'a#b',
  'a:b',
  'x/y',
  '-x',
  '?x',
  ':x',
  '=',
  '<<x',
  '日本',
  'é',
  '0',
  '-0',
  '00',
  '1e',
  '12e03',
] as const;
const KEYS = [
  'name',
  'vip',
  'ports',
  'a b',
  '80',
  'yes',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'x.y',
  'é',
  '010',
] as const;

type Style = 'plain' | 'single' | 'double' | 'literal' | 'folded';

export type Shape =
  | { readonly kind: 'scalar'; readonly text: string; readonly style: Style }
  | { readonly kind: 'list'; readonly items: readonly Shape[]; readonly flow: boolean }
  | {
      readonly kind: 'map';
      readonly pairs: readonly (readonly [string, Shape])[];
      readonly flow: boolean;
      readonly merge: boolean;
    }
  | { readonly kind: 'anchored'; readonly shape: Shape }
  | { readonly kind: 'alias' };

const scalar: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({
    kind: fc.constant('scalar' as const),
    text: fc.constantFrom(...PLAIN),
    style: fc.constantFrom<Style>('plain', 'single', 'double'),
  }),
  fc.record({
    kind: fc.constant('scalar' as const),
    text: fc.string({ unit: 'grapheme', maxLength: 12 }),
    style: fc.constantFrom<Style>('single', 'double'),
  }),
  fc.record({
    kind: fc.constant('scalar' as const),
    text: fc.constantFrom('one\ntwo\n', 'one\n\n  two', 'x'),
    style: fc.constantFrom<Style>('literal', 'folded'),
  }),
);

const { shape } = fc.letrec<{ shape: Shape; map: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.record({
      kind: fc.constant('list' as const),
      items: fc.array(tie('shape'), { maxLength: 4 }),
      flow: fc.boolean(),
    }),
    tie('map'),
    fc.record({ kind: fc.constant('anchored' as const), shape: tie('shape') }),
    fc.constant<Shape>({ kind: 'alias' }),
  ),
  map: fc.record({
    kind: fc.constant('map' as const),
    pairs: fc.uniqueArray(fc.tuple(fc.constantFrom<string>(...KEYS), tie('shape')), {
      maxLength: 4,
      selector: ([key]) => key,
    }),
    flow: fc.boolean(),
    merge: fc.boolean(),
  }),
}));

/** The text of a document whose top is a map. */
export const yamlText: fc.Arbitrary<string> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom<string>(...KEYS), shape), {
      minLength: 1,
      maxLength: 5,
      selector: ([key]) => key,
    }),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
  )
  .map(([pairs, end, comments]) => {
    const text = new Printer(comments).print({ kind: 'map', pairs, flow: false, merge: false });
    return end === '\n' ? text : text.replaceAll('\n', end);
  });

class Printer {
  readonly #comments: boolean;
  #anchors = 0;
  /** Anchors that may be used, and those of maps, which may be merged. */
  readonly #whole: string[] = [];
  readonly #maps: string[] = [];

  constructor(comments: boolean) {
    this.#comments = comments;
  }

  print(shape: Shape): string {
    return `${this.#block(shape, 0).replace(/^\n/, '')}\n`;
  }

  /** What follows `key:` or `-`, with its own leading blank or line break. */
  #block(shape: Shape, indent: number): string {
    const pad = '  '.repeat(indent);
    const note = this.#comments ? ' # note' : '';
    if (shape.kind === 'anchored') return this.#anchored(shape.shape, (inner) => this.#block(inner, indent));
    if (shape.kind === 'scalar' && (shape.style === 'literal' || shape.style === 'folded')) {
      const sign = shape.style === 'literal' ? '|' : '>';
      const lines = shape.text.split('\n').map((line) => (line === '' ? '' : `${pad}  ${line}`));
      return ` ${sign}-${note}\n${lines.join('\n').trimEnd()}`;
    }
    if (shape.kind === 'list' && !shape.flow && shape.items.length > 0) {
      return shape.items.map((item) => `\n${pad}-${this.#block(item, indent + 1)}`).join('');
    }
    if (shape.kind === 'map' && !shape.flow && shape.pairs.length > 0) {
      const merge = shape.merge && this.#maps.length > 0 ? `\n${pad}<<: *${this.#maps.at(-1)}` : '';
      return (
        merge +
        shape.pairs
          .map(([key, value]) => `\n${pad}${quoteKey(key)}:${this.#block(value, indent + 1)}`)
          .join('')
      );
    }
    return ` ${this.#flow(shape)}${note}`;
  }

  #flow(shape: Shape): string {
    if (shape.kind === 'anchored')
      return this.#anchored(shape.shape, (inner) => ` ${this.#flow(inner)}`).trimStart();
    if (shape.kind === 'alias') return this.#whole.length > 0 ? `*${this.#whole.at(-1)}` : 'none';
    if (shape.kind === 'list') return `[${shape.items.map((item) => this.#flow(item)).join(', ')}]`;
    if (shape.kind === 'map') {
      const merge = shape.merge && this.#maps.length > 0 ? [`<<: *${this.#maps.at(-1)}`] : [];
      return `{ ${[...merge, ...shape.pairs.map(([key, value]) => `${quoteKey(key)}: ${this.#flow(value)}`)].join(', ')} }`;
    }
    if (shape.style === 'plain' && !/^[?:-]/.test(shape.text)) return shape.text;
    if (shape.style === 'single' && !/[\n\r\t]|[^\x20-\uFFFD]/u.test(shape.text))
      return `'${shape.text.replaceAll("'", "''")}'`;
    return JSON.stringify(shape.text);
  }

  #anchored(shape: Shape, print: (inner: Shape) => string): string {
    if (shape.kind === 'alias' || shape.kind === 'anchored') return print(shape);
    const name = `a${this.#anchors++}`;
    const text = print(shape);
    this.#whole.push(name);
    if (shape.kind === 'map') this.#maps.push(name);
    return ` &${name}${text}`;
  }
}

function quoteKey(key: string): string {
  return key.includes(' ') ? `"${key}"` : key;
}
