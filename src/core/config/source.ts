import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ReflexArcError } from '../errors.ts';
import { nearest } from './nearest.ts';

export type Path = readonly (string | number)[];

/** Where a value was written. A value of `--set` has no line, and `file` holds the whole option. */
export interface Place {
  readonly file: string;
  readonly line: number | null;
  /** Folder that a relative path in this value starts from. */
  readonly folder: string;
}

/** A YAML file or a composition of several: plain data, and the place of each value by `keyOf(path)`. */
export interface Source {
  value: unknown;
  readonly places: Map<string, Place>;
}

export const keyOf = (path: Path): string => path.join('\u0000');

/** The path in the way people write it: `robot.joints[2].velocity`. */
export const dotted = (path: Path): string =>
  path.reduce<string>((s, p) => (typeof p === 'number' ? `${s}[${p}]` : s === '' ? p : `${s}.${p}`), '');

/** A file as the reader knows it: relative to the working folder where it is below it. */
export function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('..') ? file : short;
}

export const where = (place: Place): string =>
  place.line === null ? place.file : `${shown(place.file)}:${place.line}`;

/** The place of `path`, or of the nearest value around it (a default stands where its section stands). */
export function placeOf(source: Source, path: Path): Place {
  for (let n = path.length; n >= 0; n--) {
    const place = source.places.get(keyOf(path.slice(0, n)));
    if (place) return place;
  }
  return { file: '(defaults)', line: null, folder: process.cwd() };
}

// Bounded everything (house rule 9): a run file is a few hundred lines.
const MAX_BYTES = 1_000_000;
const MAX_NODES = 50_000;
const MAX_DEPTH = 32;

const broken = (problems: readonly string[]): ReflexArcError =>
  new ReflexArcError('RA_CONFIG_PARSE', { seen: problems.join('\n'), allowed: 'one YAML 1.2 document' });

function readText(file: string, namedAt: string): string {
  let size: number;
  try {
    const stat = statSync(file);
    if (!stat.isFile())
      throw new ReflexArcError('RA_CONFIG_MISSING', {
        seen: `${namedAt}${shown(file)}: not a file`,
        allowed: 'a YAML file',
      });
    size = stat.size;
  } catch (error) {
    if (error instanceof ReflexArcError) throw error;
    const near = nearFile(file);
    throw new ReflexArcError('RA_CONFIG_MISSING', {
      seen: `${namedAt}${shown(file)}: no such file${near ? `; did you mean ${shown(near)}?` : ''}`,
      allowed: 'a YAML file that exists',
      cause: error,
    });
  }
  if (size > MAX_BYTES) throw broken([`${shown(file)}: ${size} bytes, at most ${MAX_BYTES} are read`]);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    throw new ReflexArcError('RA_CONFIG_PARSE', {
      seen: `${shown(file)}: ${(error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : 'not UTF-8 text'}`,
      allowed: 'a readable UTF-8 file',
      cause: error,
    });
  }
}

/** A file of nearly the same name in the same folder, or the same name with the ending forgotten. */
function nearFile(file: string): string | undefined {
  try {
    const names = readdirSync(dirname(file)).filter((name) => /\.ya?ml$/.test(name));
    const asked = basename(file);
    const name =
      names.find((n) => n.replace(/\.ya?ml$/, '') === asked.replace(/\.ya?ml$/, '')) ?? nearest(asked, names);
    return name === undefined ? undefined : join(dirname(file), name);
  } catch {
    return undefined;
  }
}

/**
 * Reads one YAML file, keeping the line of every key.
 * @param namedAt - what names this file, ending in `: `, for the message when it is not there
 * @throws ReflexArcError RA_CONFIG_MISSING, RA_CONFIG_PARSE (syntax, duplicate keys, tabs, empty, not a mapping)
 */
export function readSource(path: string, namedAt = ''): Source {
  const file = resolve(path);
  const lines = new LineCounter();
  const doc = parseDocument(readText(file, namedAt), { lineCounter: lines, prettyErrors: false });
  const said = [...doc.errors, ...doc.warnings].map((e) => {
    const why = e.code === 'DUPLICATE_KEY' ? 'this key stands here twice' : e.message;
    return `${shown(file)}:${lines.linePos(e.pos[0]).line}: ${why}`;
  });
  if (said.length > 0) throw broken(said);

  const source: Source = { value: undefined, places: new Map() };
  const folder = dirname(file);
  const lineAt = (node: Node | null): number => (node?.range ? lines.linePos(node.range[0]).line : 1);
  let nodes = 0;

  const walk = (node: Node | null, path: Path, line: number): unknown => {
    if (++nodes > MAX_NODES || path.length > MAX_DEPTH)
      throw broken([`${shown(file)}:${line}: nested or repeated without end`]);
    source.places.set(keyOf(path), { file, line, folder });
    if (isAlias(node)) return walk(node.resolve(doc) ?? null, path, line);
    if (isMap(node)) {
      const out: Record<string, unknown> = {};
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
        const at = lineAt(pair.key as Node | null);
        if (name === '__proto__') throw broken([`${shown(file)}:${at}: __proto__ is no key`]);
        out[name] = walk(pair.value as Node | null, [...path, name], at);
      }
      return out;
    }
    if (isSeq(node)) return node.items.map((item, i) => walk(item as Node | null, [...path, i], lineAt(item as Node)));
    return isScalar(node) ? node.value : null;
  };
  source.value = walk(doc.contents as Node | null, [], 1);
  if (source.value === null) throw broken([`${shown(file)}:1: the file is empty`]);
  if (typeof source.value !== 'object' || Array.isArray(source.value)) {
    throw broken([
      `${shown(file)}:1: the file holds ${Array.isArray(source.value) ? 'a list' : 'a single value'}, not \`key: value\` lines`,
    ]);
  }
  return source;
}
