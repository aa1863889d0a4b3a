import { realpathSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { ReflexArcError } from '../errors.ts';
import { dotted, keyOf, type Path, type Place, placeOf, readSource, type Source, where } from './source.ts';

/** Sections of a run that may stand in a file of their own: `robot: ../robots/fr3.yaml`. */
export const INCLUDABLE: readonly string[] = ['robot', 'task', 'safety', 'policies'];

interface Override {
  readonly text: string;
  readonly path: (string | number)[];
  readonly value: unknown;
}

const usage = (text: string, seen: string): ReflexArcError =>
  new ReflexArcError('RA_USAGE', {
    seen: `--set ${text}: ${seen}`,
    allowed: '`--set key.key=value`, with the value as in YAML',
    next: 'Example: `--set safety.force_limit=25`.',
  });

/** `a.b[1].c=value`: the value is YAML, so `3` is a number, `[1, 2]` a list and `"3"` a string. */
export function parseOverride(text: string): Override {
  const at = text.indexOf('=');
  if (at < 1) throw usage(text, at === 0 ? 'no key before =' : 'no = in it');
  const path = text
    .slice(0, at)
    .trim()
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.trim()));
  if (path.some((part) => part === '' || part === '__proto__')) throw usage(text, 'not a key');
  const doc = parseDocument(text.slice(at + 1), { prettyErrors: false });
  const error = doc.errors[0] ?? doc.warnings[0];
  if (error) throw usage(text, `the value is not YAML: ${error.message}`);
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 0 });
  } catch {
    throw usage(text, 'aliases are not allowed here');
  }
  return { text, path, value };
}

/** The run file with its sections put in and the overrides laid over it, and every file that was read. */
export interface Composition extends Source {
  readonly files: string[];
  /** What could not be composed: `place: what was seen`. */
  readonly problems: string[];
}

/**
 * Reads a run file, the section files that it names, and lays the overrides over them, in order.
 * @throws ReflexArcError RA_CONFIG_MISSING, RA_CONFIG_PARSE, RA_USAGE (an override that is no `key=value`)
 */
export function compose(file: string, sets: readonly string[]): Composition {
  const run = readSource(file);
  const out: Composition = { value: run.value, places: run.places, files: [resolve(file)], problems: [] };
  const root = run.value as Record<string, unknown>;
  const overrides = sets.map(parseOverride);
  // A section that is replaced as a whole goes first: its old file need not exist, and later overrides reach into it.
  const isSection = (o: Override) => o.path.length === 1 && INCLUDABLE.includes(String(o.path[0]));
  for (const o of overrides.filter(isSection)) override(out, o);
  for (const name of INCLUDABLE) if (typeof root[name] === 'string') include(out, name, root[name]);
  for (const o of overrides.filter((o) => !isSection(o))) override(out, o);
  return out;
}

/** The file behind a link; the path itself where there is none. */
function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function include(run: Composition, name: string, path: string): void {
  const place = placeOf(run, [name]);
  const file = isAbsolute(path) ? path : resolve(place.folder, path);
  const known = run.files.map(real).indexOf(real(file));
  if (known >= 0) {
    const circle = known === 0 ? 'the run file itself' : 'a file that is another section already';
    run.problems.push(`${where(place)}: ${name} = ${path}: names ${circle}; allowed: a file of its own`);
    return;
  }
  const section = readSource(file, `${where(place)}: ${name} = ${path}: `);
  run.files.push(file);
  (run.value as Record<string, unknown>)[name] = section.value;
  for (const [key, at] of section.places) run.places.set(key === '' ? name : `${name}\u0000${key}`, at);
}

function override(run: Composition, { text, path, value }: Override): void {
  const place: Place = { file: `--set ${text}`, line: null, folder: process.cwd() };
  let at = run.value as Record<string | number, unknown>;
  for (const [i, part] of path.entries()) {
    const here: Path = path.slice(0, i);
    const fault = misfit(at, part);
    if (fault) {
      const label = here.length === 0 ? 'the run' : dotted(here);
      run.problems.push(`--set ${text}: ${label} ${fault}`);
      return;
    }
    if (i === path.length - 1) break;
    if (!Object.hasOwn(at, part) || at[part] === null) {
      at[part] = {};
      run.places.set(keyOf(path.slice(0, i + 1)), place);
    }
    at = at[part] as Record<string | number, unknown>;
  }
  at[path.at(-1)!] = value;
  const key = keyOf(path);
  for (const old of [...run.places.keys()]) if (old.startsWith(`${key}\u0000`)) run.places.delete(old);
  run.places.set(key, place);
}

/** Why `part` cannot be reached in `at`, or null. */
function misfit(at: unknown, part: string | number): string | null {
  if (Array.isArray(at)) {
    if (typeof part === 'number' && part < at.length) return null;
    return `is a list of ${at.length}: allowed after it are [0] to [${at.length - 1}]`;
  }
  if (typeof at !== 'object' || at === null)
    return `is ${JSON.stringify(at)}, not a section: nothing can be set below it`;
  return null;
}
