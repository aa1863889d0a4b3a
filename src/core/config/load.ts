import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type RunConfig, runSchema } from '../config-schema.ts';
import { ReflexArcError } from '../errors.ts';
import { type Composition, compose } from './compose.ts';
import { explainIssues } from './explain.ts';
import { type JsonSchema, runJsonSchema } from './json-schema.ts';
import { checkSemantics } from './semantics.ts';
import { dotted, type Path, placeOf, shown, where } from './source.ts';

/** A run as the rest of the program sees it: complete, checked, its paths absolute. */
export interface LoadedRun {
  readonly config: RunConfig;
  /** Every YAML file that was read, the run file first; absolute. */
  readonly files: readonly string[];
  /** Allowed but doubtful, each with its place. To be shown and logged, never to be hidden. */
  readonly warnings: readonly string[];
  /** `file:line` of the value at a path, for messages of later checks. */
  placeOf(path: Path): string;
}

const invalid = (problems: readonly string[]): ReflexArcError =>
  new ReflexArcError('RA_CONFIG_INVALID', {
    seen: problems.length === 1 ? problems[0]! : `${problems.length} problems\n${problems.join('\n')}`,
    allowed: 'what configs/schema/run.schema.json describes',
  });

/**
 * Loads a run file: composes its sections, lays `--set` overrides over it, validates it, and makes its paths absolute.
 * @param file - run file, absolute or relative to the working folder
 * @param sets - overrides `a.b=value`, in order; a relative path in one starts from the working folder
 * @throws ReflexArcError RA_CONFIG_MISSING, RA_CONFIG_PARSE, RA_CONFIG_INVALID (all problems at once), RA_USAGE
 */
export function loadRun(file: string, sets: readonly string[] = []): LoadedRun {
  const run = compose(file, sets);
  if (run.problems.length > 0) throw invalid(run.problems);
  absolutePaths(run, run.value, runJsonSchema, []);
  const parsed = runSchema.safeParse(run.value);
  if (!parsed.success) throw invalid(explainIssues(parsed.error.issues, run, runJsonSchema));
  const config = parsed.data;

  const { problems, warnings } = checkSemantics(config);
  const line = ({ path, text }: { path: Path; text: string }) =>
    `${where(placeOf(run, path))}: ${dotted(path)} ${text}`;
  if (problems.length > 0) throw invalid(problems.map(line));
  return {
    config,
    files: run.files,
    warnings: warnings.map(line),
    placeOf: (path) => where(placeOf(run, path)),
  };
}

/** Makes every path that the schema marks `x-relative-to: file` absolute, from the folder of the file that holds it. */
function absolutePaths(run: Composition, at: unknown, schema: JsonSchema, path: Path): void {
  if (typeof at !== 'object' || at === null) return;
  if (Array.isArray(at)) {
    for (const [i, item] of at.entries()) absolutePaths(run, item, schema.items || {}, [...path, i]);
    return;
  }
  const section = at as Record<string, unknown>;
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const value = section[name];
    if (child['x-relative-to'] === 'file' && typeof value === 'string' && !isAbsolute(value)) {
      section[name] = resolve(placeOf(run, [...path, name]).folder, value);
    } else absolutePaths(run, value, child, [...path, name]);
  }
}

/**
 * The files that a run names, by config path, that are not there: one line each.
 * Kept apart from {@link loadRun} so that a run can be read and printed before its policies are trained.
 */
export function missingFiles(run: LoadedRun): string[] {
  const { task, safety, policies } = run.config;
  const named: [Path, string | undefined][] = [
    [['task', 'world', 'model'], task.world?.model],
    [['safety', 'guard', 'model'], safety.guard?.model],
    ...(['base', 'residual', 'critic'] as const).map((name): [Path, string | undefined] => [
      ['policies', name, 'path'],
      policies[name].path,
    ]),
  ];
  return named
    .filter((entry): entry is [Path, string] => entry[1] !== undefined && !existsSync(entry[1]))
    .map(([path, file]) => `${run.placeOf(path)}: ${dotted(path)} = ${shown(file)}: no such file`);
}

/** The resolved run as YAML: every default filled in, every path absolute. Loading it again gives the same run. */
export function formatRun(config: RunConfig): string {
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}
