// Holds every import of src to the arrow table of ARCHITECTURE.md, and every package to package.json.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Finding, isMain, ROOT, readTexts, report, SOURCES, type Text } from './lib/finding.ts';
import { importsOf } from './lib/imports.ts';
import {
  MAY_IMPORT,
  OUTSIDE,
  PACKAGE_ROOMS,
  PURE_NODE_MODULES,
  PURE_ROOMS,
  SEPARATE_INSIDE,
  TESTS_MAY_IMPORT,
} from './lib/layers.ts';

interface Packages {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function checkLayers(root: string): Finding[] {
  const packages = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Packages;
  return readTexts(root, SOURCES).flatMap((text) => checkFile(text, packages));
}

function checkFile({ file, text }: Text, packages: Packages): Finding[] {
  return importsOf(text).flatMap(({ specifier, line }) => {
    const fault = faultOf(file, specifier, packages);
    return fault === undefined ? [] : [{ file, line, message: fault[0], cure: fault[1] }];
  });
}

/** Message and cure, or undefined where the import is right. */
function faultOf(file: string, specifier: string, packages: Packages): [string, string] | undefined {
  const room = roomOf(file);
  if (specifier === '')
    return ['Cannot check a computed import', 'name the file in plain quotes, one import for each'];
  if (specifier.startsWith('node:')) return nodeFault(file, room, specifier);
  if (!specifier.startsWith('.')) return packageFault(file, room, specifier, packages);

  const target = posix.join(posix.dirname(file), specifier);
  if (OUTSIDE[file]?.includes(target) === true) return undefined;
  if (isTest(target) && !isTest(file))
    return [`Cannot import the test "${target}"`, 'move what both need into a file of its own'];
  if (room === undefined) return undefined;
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) {
    return isTest(file)
      ? undefined
      : [
          `src/${room} cannot import "${target}", which is outside src`,
          'move what is needed into the room that owns it',
        ];
  }
  if (targetRoom === room) return insideFault(room, file, target);
  const may = [...(MAY_IMPORT[room] ?? []), ...(isTest(file) ? (TESTS_MAY_IMPORT[room] ?? []) : [])];
  if (may.includes(targetRoom)) return undefined;
  return [
    `src/${room} cannot import src/${targetRoom} ("${specifier}")`,
    `src/${room} may import ${may.length > 0 ? may.join(', ') : 'nothing of ours'} (ARCHITECTURE.md, "Who may import whom"): move the shared part down, or pass it in from src/app`,
  ];
}

function insideFault(room: string, file: string, target: string): [string, string] | undefined {
  if (!SEPARATE_INSIDE.includes(room)) return undefined;
  const [own, other] = [file.split('/')[2]!, target.split('/')[2]!];
  if (own === other || !other || other.endsWith('.ts')) return undefined;
  return [
    `src/${room}/${own} cannot import src/${room}/${other}`,
    `keep them apart: move what both need into src/lib, src/model or src/wire`,
  ];
}

function nodeFault(file: string, room: string | undefined, specifier: string): [string, string] | undefined {
  if (room === undefined || isTest(file) || !PURE_ROOMS.includes(room)) return undefined;
  if (PURE_NODE_MODULES.includes(specifier)) return undefined;
  return [
    `src/${room} decides and cannot touch the machine through "${specifier}"`,
    'let a door, the kernel or a driver do it and pass the result in',
  ];
}

function packageFault(
  file: string,
  room: string | undefined,
  specifier: string,
  packages: Packages,
): [string, string] | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const shipped = name in packages.dependencies;
  if (!shipped && !(name in packages.devDependencies))
    return [
      `Package "${name}" is not in package.json`,
      'add it with a line in docs/decisions/0001-runtime.md',
    ];
  if (room === undefined || isTest(file)) return undefined;
  if (!shipped)
    return [`Package "${name}" is for development only`, 'do without it, or make it a dependency'];
  const owners = PACKAGE_ROOMS[name];
  if (owners === undefined || owners.includes(room)) return undefined;
  return [
    `src/${room} cannot use "${name}"`,
    `only src/${owners.join(', src/')} uses it: go through that room`,
  ];
}

/** `src/plan/diff.ts` is in `plan`; what is outside src is in no room. */
function roomOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

/** Tests, and what makes their inputs (`x-arbitrary.ts`); code must import neither. */
function isTest(file: string): boolean {
  return /(\.test|-arbitrary)\.ts$/.test(file) || !file.startsWith('src/');
}

if (isMain(import.meta)) report(checkLayers(ROOT));
