import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Subject } from 'rxjs';
import { logFileName } from '../../bridges/mcap/files.ts';
import type { RecorderCounters } from '../../bridges/mcap/recorder.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import { packageRoot } from '../core/paths.ts';
import { VERSION as JOURNAL_VERSION } from '../pipeline/journal/entry.ts';
import { ReflexClient } from './operator.ts';
import { REFLEX_SOCKET, type RunFile } from './process.ts';
import { readCounters } from './recording.ts';

/** What the sentinel says on its stdout. */
export type SentinelEvent =
  | { event: 'started'; name: string; pid: number }
  | { event: 'died'; name: string; code: number | null; signal: string | null }
  | { event: 'stop'; reason: string; epoch: number; sent: boolean }
  | { event: 'gave_up'; name: string };

export interface LaunchOptions {
  /** Where the JSON log lines of the processes go: our own stderr, or a file. */
  logLines: 'inherit' | { file: string };
  /** First file of the log, and what the names of incidents are made of; empty: neither. */
  logPath: string;
  /** SHA-256 of the weights as they were loaded; without it, what the config pins. */
  weights?: Readonly<Record<'base' | 'residual' | 'critic', { readonly sha256: string }>>;
}

/** A running daemon: the sentinel and what it started. */
export class Daemon {
  readonly sentinel: ChildProcess;
  readonly reflex: ReflexClient;
  readonly dir: string;
  readonly events$ = new Subject<SentinelEvent>();
  /** Process ids by name, as they are now. */
  readonly pids = new Map<string, number>();
  /** What the observer recorded, once it has ended by itself. */
  recorded: RecorderCounters | null = null;
  /** Resolves with the sentinel's exit code (1 when it was killed). */
  readonly exited: Promise<number>;

  constructor(config: RunConfig, options: LaunchOptions) {
    this.dir = mkdtempSync(join(tmpdir(), 'reflexarc-'));
    const run: RunFile = { config, logPath: options.logPath, provenance: provenance(config, options.weights) };
    writeFileSync(join(this.dir, 'run.json'), JSON.stringify(run), { mode: 0o600 });
    const stderr = options.logLines === 'inherit' ? 'inherit' : openSync(options.logLines.file, 'a');
    const file = join(packageRoot, 'dist/src/daemon/sentinel.js');
    this.sentinel = spawn(process.execPath, ['--max-old-space-size=32', '--max-semi-space-size=1', file, this.dir], {
      stdio: ['pipe', 'pipe', stderr],
    });
    this.pids.set('sentinel', this.sentinel.pid ?? -1);
    this.sentinel.stdin?.on('error', () => {});
    createInterface({ input: this.sentinel.stdout! }).on('line', (line) => this.#said(line));
    this.exited = new Promise((resolvePromise) => {
      this.sentinel.once('exit', (code) => {
        this.reflex.close();
        this.recorded = readCounters(this.dir);
        rmSync(this.dir, { recursive: true, force: true });
        resolvePromise(code ?? 1);
      });
    });
    this.reflex = new ReflexClient(join(this.dir, REFLEX_SOCKET), 'operator');
  }

  #said(line: string): void {
    let event: SentinelEvent;
    try {
      event = JSON.parse(line) as SentinelEvent;
    } catch {
      return;
    }
    if (event.event === 'started') this.pids.set(event.name, event.pid);
    if (event.event === 'died') this.pids.delete(event.name);
    this.events$.next(event);
  }

  /** Controlled stop of the robot, flush of the log, end of all processes. */
  async stop(): Promise<number> {
    if (this.sentinel.exitCode === null && this.sentinel.signalCode === null) this.sentinel.kill('SIGTERM');
    return this.exited;
  }
}

/**
 * Creates the log folder and names the first file of the log; empty when neither log nor black box is on.
 * @throws RA_LOG_WRITE
 */
export function prepareLog(config: RunConfig, wallNs: number): { dir: string; path: string; shown: string } {
  const dir = resolve(config.log.dir);
  try {
    mkdirSync(dir, { recursive: true });
  } catch (cause) {
    throw new ReflexArcError('RA_LOG_WRITE', {
      seen: `${dir}: ${(cause as Error).message}`,
      allowed: 'a folder',
      cause,
    });
  }
  const { enabled, black_box_s } = config.log;
  const name = logFileName(new Date(wallNs / 1e6), config.name);
  const path = enabled || black_box_s > 0 ? join(dir, name) : '';
  const box = black_box_s > 0 ? `black box of ${black_box_s} s` : '';
  return { dir, path, shown: [enabled ? path : 'off', box].filter(Boolean).join('; ') };
}

/** Nothing of the machine, and no path of it: the log may be given to others. */
function provenance(config: RunConfig, weights: LaunchOptions['weights']): Record<string, string> {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const digest = (kind: 'base' | 'residual' | 'critic') => weights?.[kind].sha256 ?? config.policies[kind].sha256 ?? '';
  return {
    reflexarc: version,
    node: process.version,
    arch: process.arch,
    journal: String(JOURNAL_VERSION),
    base_sha256: digest('base'),
    residual_sha256: digest('residual'),
    critic_sha256: digest('critic'),
    seed: String(config.seed),
  };
}
