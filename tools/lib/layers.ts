// The arrow table of ARCHITECTURE.md as data: which room may import which.

const PURE = ['lib', 'model', 'config', 'plan'];
const UP_TO_ENGINE = [...PURE, 'engine'];

/** Room -> rooms it may import, itself aside. `app` may import everything. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  model: ['lib'],
  wire: ['lib', 'model'],
  config: ['lib', 'model'],
  plan: ['lib', 'model'],
  engine: PURE,
  kernel: [...UP_TO_ENGINE, 'wire'],
  drivers: [...UP_TO_ENGINE, 'wire', 'kernel'],
  health: [...UP_TO_ENGINE, 'wire', 'kernel'],
  ha: [...UP_TO_ENGINE, 'wire', 'kernel'],
  cluster: UP_TO_ENGINE,
  doors: UP_TO_ENGINE,
  cli: ['lib', 'model', 'plan'],
  app: [...UP_TO_ENGINE, 'wire', 'kernel', 'drivers', 'health', 'ha', 'cluster', 'doors', 'cli'],
};

/** The one file of src that names what ships beside it, and what that is (docs/decisions/0061-the-lab.md). */
export const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  'src/app/shipped.ts': ['lab/tool/open-lab-tool.ts'],
};

/** What the tests of a room may use besides: the engine is tested with the reference driver. */
export const TESTS_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = { engine: ['drivers'] };

/** Rooms of houses: one driver never imports another. */
export const SEPARATE_INSIDE: readonly string[] = ['drivers'];

/** Rooms that decide and never touch the machine; node modules they may use. */
export const PURE_ROOMS: readonly string[] = ['lib', 'model', 'wire', 'config', 'plan'];
export const PURE_NODE_MODULES: readonly string[] = [
  'node:util',
  'node:net',
  'node:crypto',
  'node:buffer',
  'node:path',
];

/** npm packages that belong to one room. */
export const PACKAGE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  koffi: ['kernel'],
  commander: ['cli'],
};
