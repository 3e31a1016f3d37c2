import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { renderYaml, type Yaml, yamlMap } from './yaml.ts';

test('renderYaml() is read back as what was given, whatever the text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'yes',
      'null',
      '1e3',
      '0x7',
      '12:30',
      '2001:db8::1',
      '::',
      '-',
      '10s',
      '1.0',
      '~',
      '200-299',
      ' a',
      '',
    ),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), fc.integer(), (texts, number) => {
      const one = yamlMap({ text: texts[0], number, flag: true }, { flow: true, comment: texts[1] });
      const document = yamlMap({ list: texts, maps: [one, yamlMap({ a: texts[2], b: [number] })] });
      // What our language would take for an environment reference carries a second dollar sign.
      const doubled = (value: string) => value.replace(/\$(?=[${])/g, '$$$$').toWellFormed();
      const plain = (value: Yaml | undefined) => (typeof value === 'string' ? doubled(value) : value);
      const wanted = {
        list: texts.map(plain),
        maps: [
          { ...(texts[0] === undefined ? {} : { text: plain(texts[0]) }), number, flag: true },
          { ...(texts[2] === undefined ? {} : { a: plain(texts[2]) }), b: [number] },
        ],
      };
      assert.deepEqual(load(renderYaml(document)), wanted);
    }),
    { numRuns: 500 },
  );
});

test('renderYaml() writes short maps on one line with their comment behind, long ones below it', () => {
  const short = yamlMap({ a: 1, b: 'x' }, { flow: true, comment: 'k:1' });
  const long = yamlMap({ text: 'y'.repeat(120) }, { flow: true, comment: 'k:2' });
  assert.equal(
    renderYaml(yamlMap({ items: [short, long] })),
    `items:\n  - { a: 1, b: x } # k:1\n  # k:2\n  - text: ${'y'.repeat(120)}\n`,
  );
});
