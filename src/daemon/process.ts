import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { RunConfig } from '../core/config-schema.ts';

/** What the launcher leaves in the run folder for the daemon's processes. */
export interface RunFile {
  config: RunConfig;
  /** First file of the log, and what the names of incidents are made of; empty: neither is recorded. */
  logPath: string;
  /** Digests and versions that go into the log's metadata. */
  provenance: Record<string, string>;
}

export const REFLEX_SOCKET = 'reflex.sock';
export const OBSERVER_SOCKET = 'observer.sock';
export const PRACTICE_SOCKET = 'practice.sock';

export interface DaemonProcess {
  readonly name: string;
  readonly dir: string;
  readonly run: RunFile;
  readonly log: Logger;
  socket(name: string): string;
}

/**
 * The beginning of every process of the daemon: `node <file> <run folder>`. Log lines go to stderr as JSON. Ctrl-C in a
 * terminal reaches the whole group, so SIGINT is left to the launcher: children end by SIGTERM or when the parent's end
 * of their stdin closes, so that no process outlives a parent that was killed.
 */
export function startProcess(name: string, shutdown: () => Promise<number>): DaemonProcess {
  const dir = process.argv[2];
  if (dir === undefined) {
    process.stderr.write(`usage: node ${name}.js <run folder>\n`);
    process.exit(2);
  }
  const log = pino({ name, base: { name, pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
  const run = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as RunFile;
  let ending = false;
  const end = (why: string) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'shutting down');
    shutdown().then(
      (code) => process.exit(code),
      (error) => {
        log.error(error, 'shutdown failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => end('SIGTERM'));
  process.stdin.on('end', () => end('parent is gone'));
  process.stdin.on('error', () => end('parent is gone'));
  process.stdin.resume();
  return { name, dir, run, log, socket: (file) => join(dir, file) };
}
