import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/paths.ts';
import { writeWhole } from '../core/whole-file.ts';
import type { EvaluationPoint, TrainingState } from './trainer.ts';

/** What a training run was, and what came of it: `run.json` of its folder. */
export interface RunRecord {
  /** Runs of one name differ in their seed, and are averaged. */
  name: string;
  algorithm: string;
  task: string;
  seed: number;
  steps: number;
  /** All that the result depends on beside code and seed. */
  settings: unknown;
  /** Command line that made it. */
  command: string;
  /** Commit of the code; with a `+` where files were changed. */
  commit: string;
  node: string;
  /** ISO 8601. */
  started: string;
  wall_s: number;
  steps_done: number;
  complete: boolean;
  /** Of the policy that is kept, by the episodes that judge it. */
  final: EvaluationPoint | null;
  /** Where the best policy is kept: the last one by the same episodes, which no choice had a hand in. */
  last?: EvaluationPoint;
  /** Where the best policy is kept: its evaluation. */
  best?: EvaluationPoint;
  /** What came of a run that no episodes judge: losses, counts. */
  figures?: Readonly<Record<string, number | null>>;
}

export type CurveRow =
  | ({ kind: 'evaluation'; wall_s: number } & EvaluationPoint)
  | ({ kind: 'training'; wall_s: number } & TrainingState)
  /** Of a course (course.ts). */
  | { kind: 'figures'; wall_s: number; steps: number; figures: Readonly<Record<string, number | null>> };

const RECORD = 'run.json';
const CURVE = 'curve.jsonl';
export const CHECKPOINT = 'checkpoint.safetensors';
const BEST = 'best.safetensors';
/** Seconds of wall time between checkpoints. */
export const CHECKPOINT_S = 120;

/** The folder of one run: `run.json`, `curve.jsonl`, `checkpoint.safetensors`, and the weights that it came to. */
export class RunFolder {
  readonly path: string;
  record: RunRecord;

  /**
   * Makes the folder. What an earlier run left there is written over, but for files of other names; its checkpoint goes at once, or a run that is
   * killed before its first would go on with that.
   */
  constructor(path: string, record: RunRecord, goesOn = false) {
    this.path = path;
    this.record = record;
    mkdirSync(path, { recursive: true });
    if (!goesOn) for (const file of [CHECKPOINT, BEST]) rmSync(join(path, file), { force: true });
    writeFileSync(join(path, CURVE), '');
    this.update({});
  }

  /** A run that was interrupted. Null where there is no checkpoint. */
  static resume(path: string): { folder: RunFolder; checkpoint: Uint8Array } | null {
    if (!existsSync(join(path, CHECKPOINT)) || !existsSync(join(path, RECORD))) return null;
    const { record, curve } = readRun(path)!;
    const folder = new RunFolder(path, record, true);
    // What was written after the checkpoint happens again.
    for (const row of curve.filter((r) => r.steps <= record.steps_done)) folder.row(row);
    return { folder, checkpoint: readFileSync(join(path, CHECKPOINT)) };
  }

  update(changes: Partial<RunRecord>): void {
    this.record = { ...this.record, ...changes };
    writeWhole(join(this.path, RECORD), `${JSON.stringify(this.record, null, 2)}\n`);
  }

  row(row: CurveRow): void {
    appendFileSync(join(this.path, CURVE), `${JSON.stringify(row)}\n`);
  }

  checkpoint(bytes: Uint8Array): void {
    writeWhole(join(this.path, CHECKPOINT), bytes);
  }

  /** The best policy so far. Written before the record says so. */
  keep(best: EvaluationPoint, bytes: Uint8Array): void {
    writeWhole(join(this.path, BEST), bytes);
    this.update({ best });
  }

  best(): { point: EvaluationPoint; bytes: Uint8Array } | null {
    const { best: point } = this.record;
    return point === undefined ? null : { point, bytes: readFileSync(join(this.path, BEST)) };
  }
}

/** Null where there is no run. Lines of the curve that were cut off, at the end or where the disk was full, are left out. */
export function readRun(path: string): { path: string; record: RunRecord; curve: CurveRow[] } | null {
  if (!existsSync(join(path, RECORD))) return null;
  const record = JSON.parse(readFileSync(join(path, RECORD), 'utf8')) as RunRecord;
  const lines = existsSync(join(path, CURVE)) ? readFileSync(join(path, CURVE), 'utf8').split('\n').slice(0, -1) : [];
  return { path, record, curve: lines.flatMap(rowOf) };
}

function rowOf(line: string): CurveRow[] {
  try {
    return [JSON.parse(line) as CurveRow];
  } catch {
    return [];
  }
}

/** All runs in a folder and below, by name and seed. */
export function readRuns(root: string): NonNullable<ReturnType<typeof readRun>>[] {
  if (!existsSync(root)) return [];
  const folders = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === RECORD)
    .map((entry) => entry.parentPath);
  return folders
    .map((folder) => readRun(folder)!)
    .sort((a, b) => a.record.name.localeCompare(b.record.name) || a.record.seed - b.record.seed);
}

/** The commit of the code that runs; empty where it is no repository. */
export function commitOf(folder = packageRoot): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`;
  } catch {
    return '';
  }
}
