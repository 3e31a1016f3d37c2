// What was read, decoded and judged before must not show: after any edits a load gives what it would give were it the first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import { SECTIONS, type Section } from './merge.ts';
import { type ApiObject, objectsFile } from './objects-file.ts';
import type { ParsedFile } from './source.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

const EDITS = Number(process.env.REMEMBERED_EDITS ?? 300);
const ENV = { WORD: 'secret' };

type Spec = Record<string, unknown>;
type Roll = (sides: number) => number;

interface Text {
  readonly role: 'main' | 'included';
  readonly node: Spec;
  readonly objects: Readonly<Record<Section, Spec[]>>;
}

/** The same sequence in every run. */
function dice(seed: number): Roll {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const pick = <T>(roll: Roll, from: readonly T[]): T => from[roll(from.length)]!;
const some = (roll: Roll, share: number, spec: Spec): Spec => (roll(share) === 0 ? spec : {});

/** Few names and values, so that objects meet: they clash, refer to each other, and lose what they refer to. */
const MAKE: Readonly<Record<Section, (roll: Roll) => Spec>> = {
  vips: (roll) => ({
    name: pick(roll, ['v1', 'v2', 'v3']),
    address: pick(roll, ['192.0.2.1', '192.0.2.2', '2001:db8::1', '10.0.0.2']),
    ...some(roll, 6, { group: pick(roll, ['g', 'missing']) }),
    ...some(roll, 8, { advertise: true }),
  }),
  pools: (roll) => ({
    name: pick(roll, ['p1', 'p2', 'p3', 'l1']),
    members: Array.from({ length: roll(4) }, () => ({
      address: pick(roll, ['10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::9']),
      ...some(roll, 2, { port: 80 + roll(2) }),
      ...some(roll, 3, { weight: roll(4) }),
    })),
    ...some(roll, 2, { health: { type: 'tcp', interval: '10s', ...some(roll, 4, { fall: 1 }) } }),
    ...some(roll, 5, {
      health: { type: 'http', ...some(roll, 2, { requests: [{ path: '/' }], path: '/x' }) },
    }),
    ...some(roll, 4, { health: { type: 'tcp', via_vip: true } }),
    ...some(roll, 6, { quorum: { weight: roll(5) } }),
    ...some(roll, 8, { tls: { certificate: pick(roll, ['c1', 'c2']) } }),
  }),
  listeners: (roll) => ({
    name: pick(roll, ['l1', 'l2', 'l3', 'l4']),
    vip: pick(roll, ['v1', 'v2', 'v3', '192.0.2.1', '192.0.2.9', '2001:db8::1']),
    port: pick(roll, [80, 81, '80-90', 443]),
    ...(roll(4) === 0
      ? { members: [{ address: pick(roll, ['10.0.0.1', '10.0.0.4']) }] }
      : { pool: pick(roll, ['p1', 'p2', 'p3', 'p4']) }),
    ...some(roll, 4, { mode: pick(roll, ['dr', 'nat', 'proxy', 'fullnat']) }),
    ...some(roll, 6, { protocol: 'https', tls: { certificates: [pick(roll, ['c1', 'c2'])] } }),
    ...some(roll, 6, {
      protocol: 'http',
      http: {
        rules: [
          { name: 'r', match: [{ type: 'path', value: '/a' }], action: { pool: pick(roll, ['p1', 'p3']) } },
        ],
      },
    }),
    ...some(roll, 8, { persistence: { type: pick(roll, ['source', 'app-cookie']) } }),
    ...some(roll, 8, { mark: 7, mark_family: 4 }),
  }),
  certificates: (roll) => ({
    name: pick(roll, ['c1', 'c2']),
    ...(roll(3) === 0
      ? { certificate_pem: 'PEM', key_pem: { env: pick(roll, ['WORD', 'NO_SUCH']) } }
      : { certificate: `/etc/${roll(2)}.pem` }),
  }),
};

/** What no schema takes, or no file. */
const FAULTS: readonly Spec[] = [
  { wieght: 3 },
  { name: 7 },
  { members: 'none' },
  { port: 99_999 },
  { address: 'here' },
];

function randomNode(roll: Roll): Spec {
  return {
    ...(roll(6) === 0 ? {} : { network: { frontend: { interface: 'eth0' } } }),
    ...some(roll, 3, { engine: pick(roll, ['ipvs', 'haproxy', 'xdp']) }),
    ...some(roll, 4, { guard: { max_members_per_listener: 2 } }),
    ...some(roll, 3, { ha: { groups: [{ name: 'g', vrid: 10, priority: 100 }] } }),
    ...some(roll, 2, { api: { writable_files: true } }),
    ...some(roll, 12, { nonsense: true }),
  };
}

function randomObject(roll: Roll, section: Section): Spec {
  return { ...MAKE[section](roll), ...(roll(25) === 0 ? pick(roll, FAULTS) : {}) };
}

/** Adds, changes or takes away one object. */
function edited(roll: Roll, list: readonly Spec[], section: Section): Spec[] {
  const at = roll(list.length + 1);
  if (at === list.length || roll(3) > 0) return list.toSpliced(at, 1, randomObject(roll, section));
  return list.toSpliced(at, 1);
}

function parsed(name: string, { role, node, objects }: Text): ParsedFile {
  const result = parseYaml({ file: name, role, text: JSON.stringify({ ...node, ...objects }, null, 1) });
  assert.ok(result.ok);
  return result.file;
}

const NOTHING = { vips: [], listeners: [], pools: [], certificates: [] };

class Site {
  readonly #roll: Roll;
  #texts: Text[] = [
    { role: 'main', node: { network: { frontend: { interface: 'eth0' } } }, objects: NOTHING },
    { role: 'included', node: {}, objects: NOTHING },
  ];
  #files: ParsedFile[] = this.#texts.map((text, i) => parsed(`${i}.yaml`, text));
  #api = new Map<string, ApiObject>();
  #good = { texts: this.#texts, files: this.#files, api: new Map(this.#api) };

  constructor(roll: Roll) {
    this.#roll = roll;
  }

  edit(): void {
    const roll = this.#roll;
    const section = pick(roll, SECTIONS);
    if (roll(3) > 0) this.#editApi(section);
    else this.#editText(section);
  }

  #editText(section: Section): void {
    const roll = this.#roll;
    const at = roll(this.#texts.length);
    const text = this.#texts[at]!;
    const node = at === 0 && roll(3) === 0 ? randomNode(roll) : text.node;
    const objects = { ...text.objects, [section]: edited(roll, text.objects[section], section) };
    this.#texts = this.#texts.with(at, { ...text, node, objects });
    this.#files = this.#files.with(at, parsed(`${at}.yaml`, this.#texts[at]!));
  }

  /** Where undo() goes back to. */
  keep(): void {
    this.#good = { texts: this.#texts, files: this.#files, api: new Map(this.#api) };
  }

  /** As a daemon does with writes that make no good configuration. */
  undo(): void {
    const { texts, files, api } = this.#good;
    this.#texts = texts;
    this.#files = files;
    this.#api = new Map(api);
  }

  /** With the very objects of before where nobody touched them. */
  files(): ParsedFile[] {
    return [...this.#files, objectsFile(this.#api.values())];
  }

  /** The same words in objects nobody has seen. */
  fresh(): ParsedFile[] {
    const api = [...this.#api.values()].map(({ spec, ...rest }) => ({
      ...rest,
      spec: structuredClone(spec),
    }));
    return [...this.#texts.map((text, i) => parsed(`${i}.yaml`, text)), objectsFile(api)];
  }

  #editApi(section: Section): void {
    const { name: given, ...spec } = randomObject(this.#roll, section);
    const name = String(given);
    const key = `${section}/${name}`;
    if (this.#roll(4) === 0) this.#api.delete(key);
    else this.#api.set(key, { section, name, spec });
  }
}

for (const seed of [1, 2, 3])
  test(`loadConfig() after each of ${EDITS} edits gives what a first load gives (seed ${seed})`, () => {
    const roll = dice(seed);
    const site = new Site(roll);
    let before: readonly ParsedFile[] = [];
    let good = 0;
    for (let step = 0; step < EDITS; step++) {
      site.edit();
      const files = site.files();

      const remembered = loadConfig(files, ENV, { hostName: 'n', before });

      before = files;
      const first = loadConfig(site.fresh(), ENV, { hostName: 'n' });
      const where = `seed ${seed}, step ${step}`;
      assert.deepEqual(remembered.diagnostics, first.diagnostics, where);
      assert.deepEqual(remembered.intent, first.intent, where);
      assert.equal(remembered.hash, first.hash, where);
      assert.deepEqual(remembered.written, first.written, where);
      if (first.intent !== undefined) {
        good++;
        site.keep();
      } else if (roll(4) > 0) site.undo();
    }
    // Neither all wrong nor all right: both ways are walked.
    assert.ok(good > EDITS / 5 && good < EDITS, `${good} of ${EDITS} were good`);
  });
