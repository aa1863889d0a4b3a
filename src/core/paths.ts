import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds our package.json: the same for sources, for `dist/` and for an installed package. */
export const packageRoot: string = (() => {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'reflexarc') return dir;
    if (dir === dirname(dir)) throw new Error('package.json of reflexarc not found above this file');
  }
})();

const HERE = '<package>/';

/** Plain data with the paths below the package written from there: the same in every checkout and every installation. */
export const portable = <T>(data: T): T =>
  eachString(data, (text) => (text.startsWith(packageRoot + sep) ? HERE + text.slice(packageRoot.length + 1) : text));

/** What `portable` made, with the paths of this package. */
export const placed = <T>(data: T): T =>
  eachString(data, (text) => (text.startsWith(HERE) ? join(packageRoot, text.slice(HERE.length)) : text));

function eachString<T>(data: T, of: (text: string) => string): T {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return of(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(data) as T;
}
