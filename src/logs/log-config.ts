import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { logMetadata } from '../../bridges/mcap/reader.ts';
import { digestOfWeights } from '../../policies/weights.ts';
import { formatRun, loadRun } from '../core/config/load.ts';
import { type RunConfig, runSchema } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import { packageRoot } from '../core/paths.ts';

const KINDS = ['base', 'residual', 'critic'] as const;

/** A log's own config, made ready to be run here. */
export interface LogConfig {
  /** As the log has it. */
  readonly logged: RunConfig;
  /** With `sets` laid over it, and the weights where they are on this machine, pinned to what is in them. */
  readonly config: RunConfig;
  /** What is different, one line each: values that were set, weights that are others. Empty: the same run. */
  readonly changes: readonly string[];
}

/**
 * The config that a log was recorded with, by its metadata. Weights are looked for where the log says, then among the shipped
 * ones by name: a log comes from another machine. Weights with other bytes than the log's are used all the same, and said
 * in `changes`: that is the question which a replay answers.
 * @param sets - overrides `a.b=value`; a new `policies.X.path` is taken with whatever digest it has
 * @throws ReflexArcError RA_LOG_DAMAGED without a config in it, RA_CONFIG_… for overrides that cannot be
 */
export async function configOfLog(path: string, sets: readonly string[] = []): Promise<LogConfig> {
  const logged = await loggedConfig(path);
  if (logged === null)
    throw new ReflexArcError('RA_LOG_DAMAGED', {
      seen: `${path}: no metadata record \`config\``,
      allowed: OURS,
    });
  const config = withSets(logged, sets);
  const changes = differences(logged, config).filter((line) => !/^policies\.\w+\.(path|sha256)\b/.test(line));
  useModelHere(config);
  for (const kind of KINDS) {
    const options = config.policies[kind];
    if (options.path === undefined) continue;
    const file = here(options.path, options.sha256 ?? '');
    const digest = digestOf(file);
    if (digest !== logged.policies[kind].sha256)
      changes.push(
        `policies.${kind}: weights ${short(logged.policies[kind].sha256)} in the log, ${short(digest)} in ${file}`,
      );
    options.path = file;
    options.sha256 = digest;
  }
  return { logged, config, changes };
}

const OURS = 'a log of Reflex Arc with the config of its run';

/**
 * The config of the run that a log was recorded by, as the log has it; null for a log that is not ours.
 * @throws ReflexArcError RA_LOG_DAMAGED for one that cannot be a config
 */
export async function loggedConfig(path: string): Promise<RunConfig | null> {
  const text = (await logMetadata(path)).config?.run;
  if (text === undefined) return null;
  const parsed = runSchema.safeParse(JSON.parse(text));
  if (parsed.success) return withinPackage(parsed.data);
  throw new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${parsed.error.issues[0]?.message}`, allowed: OURS });
}

/** Relative paths are those of files that are shipped: so the example names no machine. Others are absolute, as loaded. */
function withinPackage(config: RunConfig): RunConfig {
  for (const weights of KINDS.map((kind) => config.policies[kind]))
    if (weights.path !== undefined) weights.path = resolve(packageRoot, weights.path);
  const { world } = config.task;
  if (world !== undefined) world.model = resolve(packageRoot, world.model);
  return config;
}

/**
 * The simulated world of a log's own run, with `sets` laid over it; its model where it is on this machine. Asks for no weights.
 * @throws ReflexArcError RA_LOG_DAMAGED without a config in it, RA_CONFIG_… for overrides that cannot be
 */
export async function worldConfigOfLog(path: string, sets: readonly string[] = []): Promise<LogConfig> {
  const logged = await loggedConfig(path);
  if (logged === null)
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: no metadata record \`config\``, allowed: OURS });
  const config = withSets(logged, sets);
  useModelHere(config);
  return {
    logged,
    config,
    changes: differences(logged, config).filter((line) => !line.startsWith('task.world.model')),
  };
}

/** The model of the world: the file itself, or the shipped one of that name, since a log comes from another machine. */
function useModelHere({ task: { world } }: RunConfig): void {
  if (world !== undefined && !existsSync(world.model))
    world.model = join(packageRoot, 'configs/worlds', basename(world.model));
}

/** Overrides are laid over a config as `reflexarc run` does it, through YAML and the schema. */
function withSets(logged: RunConfig, sets: readonly string[]): RunConfig {
  if (sets.length === 0) return structuredClone(logged);
  const folder = mkdtempSync(join(tmpdir(), 'reflexarc-replay-'));
  try {
    const file = join(folder, 'run.yaml');
    writeFileSync(file, formatRun(logged));
    return loadRun(file, sets).config;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The file itself, or the shipped one of that name with that digest. */
function here(path: string, sha256: string): string {
  if (existsSync(path)) return path;
  const trained = join(packageRoot, 'policies/trained');
  const shipped = readdirSync(trained).map((task) => join(trained, task, basename(path)));
  return shipped.find((file) => existsSync(file) && digestOf(file) === sha256) ?? path;
}

function digestOf(path: string): string {
  try {
    return digestOfWeights(path);
  } catch (cause) {
    if (!(cause instanceof ReflexArcError) || cause.code !== 'RA_CONFIG_MISSING') throw cause;
    throw new ReflexArcError('RA_CONFIG_MISSING', {
      seen: cause.seen,
      allowed: 'the weights that the log was recorded with',
      next: 'Give the file: `--set policies.base.path=FILE` (or residual, critic).',
      cause,
    });
  }
}

const short = (digest: string | undefined) => digest?.slice(0, 12) ?? 'none';

/** Leaves that differ, as `safety.force_limit: 30 in the log, 25 now`. */
export function differences(logged: unknown, now: unknown, path = ''): string[] {
  const isSection = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null;
  if (isSection(logged) && isSection(now)) {
    const keys = new Set([...Object.keys(logged), ...Object.keys(now)]);
    return [...keys].flatMap((key) => differences(logged[key], now[key], path === '' ? key : `${path}.${key}`));
  }
  if (Object.is(logged, now)) return [];
  return [`${path}: ${JSON.stringify(logged) ?? 'none'} in the log, ${JSON.stringify(now) ?? 'none'} now`];
}
