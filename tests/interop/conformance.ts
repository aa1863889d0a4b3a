/**
 * What the tests show of the ROS websocket protocol and of Foxglove's, as tables. A test says what it covers by a literal call:
 *
 *     it('drops what comes too fast', async () => {
 *       covers('server', 'subscribe.throttle_rate', 'raw');
 *       …
 *     });
 *
 * The tables in bridges/README.md are read from these calls in the sources of the tests, so that they can claim only
 * what a test that must pass claims; conformance.test.ts fails while the two differ. `npm run conformance` writes them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import { FEATURES, type Feature, type Side } from './features.ts';
import { ODDITIES, type OddSide } from './oddities.ts';
import { aligned, oddities, type Played } from './played.ts';

const NAMES: Readonly<Record<Side, string>> = { server: 'the server', client: 'the client', foxglove: 'the live view' };
export const SIDES = Object.keys(FEATURES) as Side[];
export const ODD_SIDES = Object.keys(ODDITIES) as OddSide[];

const ANY = {
  unit: 'our own functions, no socket',
  raw: 'a scripted peer on a real websocket',
  hostile: 'a scripted peer that breaks the rules',
} as const;
const ROSBRIDGE = {
  unit: ANY.unit,
  raw: ANY.raw,
  roslib: 'roslib 2 from npm',
  roslibpy: 'roslibpy from PyPI',
  hostile: ANY.hostile,
} as const;
/** How each side was tested. A new way is a new line here. */
export const MEANS = {
  server: { ...ROSBRIDGE, roslibjs: '@foxglove/roslibjs from npm, with which Foxglove reads a rosbridge' },
  client: {
    ...{ unit: ANY.unit, raw: ANY.raw, hostile: ANY.hostile },
    rosbridge_rs: 'rosbridge_server_rs from PyPI, in a ROS 2 graph with rclpy',
  },
  foxglove: {
    unit: ANY.unit,
    raw: ANY.raw,
    stock: '@foxglove/ws-protocol from npm, the client that Lichtblick has',
    sdk: "a server of Foxglove's SDK from PyPI, told and asked the same beside ours",
    hostile: ANY.hostile,
  },
} as const satisfies Record<Side, Readonly<Record<string, string>>>;
export type Means<S extends Side> = keyof (typeof MEANS)[S];

/** Marks the test that it stands in. One feature or several, written as literals. */
export function covers<S extends Side>(
  _side: S,
  _features: Feature<S> | readonly Feature<S>[],
  ..._means: Means<S>[]
): void {}

export interface Claim {
  side: Side;
  feature: string;
  means: string;
  file: string;
}

const CALL = /\bcovers\(\s*'(\w+)',\s*('[^']*'|\[(?:\s*'[^']*',?)*\s*\]),\s*((?:'\w+',?\s*)+)\)/g;
const LITERAL = /'([^']*)'/g;
const literals = (text: string) => [...text.matchAll(LITERAL)].map(([, found]) => found!);

/**
 * The claims in the text of a test.
 * @throws Error for a call that is not made of literals, or names what the catalogue does not
 */
export function claimsIn(text: string, file: string): Claim[] {
  const claims: Claim[] = [];
  let read = 0;
  for (const [, side, features, means] of text.matchAll(CALL)) {
    read++;
    for (const feature of literals(features!))
      for (const by of literals(means!)) {
        if (!isSide(side!) || !(feature in FEATURES[side]) || !(by in MEANS[side]))
          throw new Error(`${file}: covers('${side}', '${feature}', '${by}') names what features.ts does not`);
        claims.push({ side, feature, means: by, file });
      }
  }
  const made = [...text.matchAll(/\bcovers\(/g)].length;
  if (made !== read) throw new Error(`${file}: ${made - read} of ${made} calls of covers are not made of literals`);
  return claims;
}

const isSide = (side: string): side is Side => Object.hasOwn(FEATURES, side);

/** All claims of the tests. */
export function claims(): Claim[] {
  return readdirSync(join(packageRoot, 'tests'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && entry.name !== 'conformance.test.ts')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => claimsIn(readFileSync(file, 'utf8'), file.slice(packageRoot.length + 1)));
}

/** The table of one side, as Markdown: a row for each feature that it takes part in, a column for each means. */
export function table(side: Side, all: readonly Claim[]): string {
  const means = Object.keys(MEANS[side]);
  const features = Object.entries<string | null>(FEATURES[side]);
  const rows = features.flatMap(([feature, absent]) => {
    if (absent !== null) return [];
    const claimed = new Set(all.filter((c) => c.side === side && c.feature === feature).map((c) => c.means));
    return [[`\`${feature}\``, ...means.map((m) => (claimed.has(m) ? '✓' : ''))]];
  });
  const absent = features.filter(([, why]) => why !== null);
  const head = [`op or option (${NAMES[side].replace('the ', '')})`, ...means];
  const untested = rows.filter(([, ...cells]) => cells.every((cell) => cell === '')).map(([name]) => name!);
  return [
    ...aligned(head, rows),
    '',
    ...(absent.length > 0
      ? [`Not for ${NAMES[side]}: ${absent.map(([feature, why]) => `\`${feature}\` (${why})`).join(', ')}.`, '']
      : []),
    untested.length === 0 ? 'Without a test: none.' : `Without a test: ${untested.join(', ')}.`,
  ].join('\n');
}

const mark = (block: string, which: 'begin' | 'end') => `<!-- ${which} ${block} -->`;

/** The text with each table between its marks: what is covered, and what odd behaviour is played. */
export function withTables(readme: string, all: readonly Claim[], allPlayed: readonly Played[]): string {
  const blocks: [block: string, table: string][] = [
    ...SIDES.map((side): [string, string] => [`conformance ${side}`, table(side, all)]),
    ...ODD_SIDES.map((side): [string, string] => [`oddities ${side}`, oddities(side, allPlayed)]),
  ];
  return blocks.reduce((text, [block, made]) => {
    const from = text.indexOf(mark(block, 'begin'));
    const to = text.indexOf(mark(block, 'end'));
    if (from < 0 || to < from) throw new Error(`bridges/README.md has no marks for ${block}`);
    return `${text.slice(0, from)}${mark(block, 'begin')}\n${made}\n${text.slice(to)}`;
  }, readme);
}
