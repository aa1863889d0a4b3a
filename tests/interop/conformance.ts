/**
 * What the tests show of the ROS websocket protocol, as a table. A test says what it covers by a literal call:
 *
 *     it('drops what comes too fast', async () => {
 *       covers('server', 'subscribe.throttle_rate', 'raw');
 *       …
 *     });
 *
 * The table in bridges/README.md is read from these calls in the sources of the tests, so that it can claim only what a
 * test that must pass claims; conformance.test.ts fails while the two differ. `npm run conformance` writes it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import { FEATURES, type Feature } from './features.ts';

export const SIDES = ['server', 'client'] as const;
export type Side = (typeof SIDES)[number];

/** How it was tested. A new way is a new line here. */
export const MEANS = {
  unit: 'our own functions, no socket',
  raw: 'a scripted peer on a real websocket',
  roslib: 'roslib 2 from npm',
  roslibpy: 'roslibpy from PyPI',
  rospy: "ROS 1's own Python packages from Debian",
  hostile: 'a scripted peer that breaks the rules',
} as const;
export type Means = keyof typeof MEANS;

/** Marks the test that it stands in. One feature or several, written as literals. */
export function covers(_side: Side, _features: Feature | readonly Feature[], ..._means: Means[]): void {}

export interface Claim {
  side: Side;
  feature: Feature;
  means: Means;
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
        if (!(feature in FEATURES) || !(by in MEANS) || !SIDES.includes(side as Side))
          throw new Error(`${file}: covers('${side}', '${feature}', '${by}') names what features.ts does not`);
        claims.push({ side: side as Side, feature: feature as Feature, means: by as Means, file });
      }
  }
  const made = [...text.matchAll(/\bcovers\(/g)].length;
  if (made !== read) throw new Error(`${file}: ${made - read} of ${made} calls of covers are not made of literals`);
  return claims;
}

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
  const means = Object.keys(MEANS) as Means[];
  const rows = (Object.keys(FEATURES) as Feature[]).flatMap((feature) => {
    const absent: string | null = FEATURES[feature][side];
    if (absent !== null) return [];
    const claimed = new Set(all.filter((c) => c.side === side && c.feature === feature).map((c) => c.means));
    return [[`\`${feature}\``, ...means.map((m) => (claimed.has(m) ? '✓' : ''))]];
  });
  const absent = (Object.keys(FEATURES) as Feature[]).filter((feature) => FEATURES[feature][side] !== null);
  const head = [`op or option (${side})`, ...means];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const untested = rows.filter(([, ...cells]) => cells.every((cell) => cell === '')).map(([name]) => name!);
  return [
    line(head),
    line(widths.map((w) => '-'.repeat(w))),
    ...rows.map(line),
    '',
    ...(absent.length > 0
      ? [`Not for the ${side}: ${absent.map((f) => `\`${f}\` (${FEATURES[f][side]})`).join(', ')}.`, '']
      : []),
    untested.length === 0 ? 'Without a test: none.' : `Without a test: ${untested.join(', ')}.`,
  ].join('\n');
}

const mark = (side: Side, which: 'begin' | 'end') => `<!-- ${which} conformance ${side} -->`;

/** The text with the table of each side between its marks. */
export function withTables(readme: string, all: readonly Claim[]): string {
  return SIDES.reduce((text, side) => {
    const from = text.indexOf(mark(side, 'begin'));
    const to = text.indexOf(mark(side, 'end'));
    if (from < 0 || to < from) throw new Error(`bridges/README.md has no marks for the ${side}`);
    return `${text.slice(0, from)}${mark(side, 'begin')}\n${table(side, all)}\n${text.slice(to)}`;
  }, readme);
}
