import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunConfig } from '../../core/config-schema.ts';
import { longRecording } from './log/long.ts';
import { paced } from './log/pace.ts';
import * as reading from './log/reading.ts';
import { type Sample, Traffic } from './log/traffic.ts';
import { verifying } from './log/verifying.ts';
import * as writing from './log/writing.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from './rows.ts';

const COMPRESSIONS = ['none', 'lz4', 'zstd'] as const;
const PEER = '@mcap/core';
const ROUNDS = 9;
/** Longest log that is verified: ten hours of them are 10 GB. */
const VERIFIED_S = 3600;

/**
 * The log: what `record` costs who calls it, writing and reading beside the bare library on the same messages and files in
 * turns, what the observer's other work waits for it, the heap of a long recording (`--seconds`, 600 without it; 36000
 * is ten hours), and how fast a log of that length is verified, an hour at most. `--samples`: states of each round.
 */
export async function benchLog(config: RunConfig, { samples = 2000, seconds = 600 }: BenchOptions): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'reflexarc-bench-log-'));
  try {
    const traffic = new Traffic(config);
    const periods = Array.from({ length: samples }, (_, i) => traffic.period(i * writing.PERIOD_NS));
    const results: Row[] = [await recordCalls(folder, periods)];
    for (const compression of COMPRESSIONS) results.push(...(await besideThePeer(folder, compression, periods)));
    const pace = Math.min(5, seconds);
    for (const compression of [null, ...COMPRESSIONS]) results.push(await paced(folder, config, compression, pace));
    const long = await longRecording(folder, config, seconds);
    const verified = await verifying(folder, config, Math.min(seconds, VERIFIED_S));
    return {
      results: [...results, ...long.results, ...verified.results],
      notes: [...(long.notes ?? []), ...(verified.notes ?? [])],
      failed: long.failed === true || verified.failed === true,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The calls of one state, which is what a tick costs the observer at once. */
async function recordCalls(folder: string, periods: readonly Sample[][]): Promise<Row> {
  const recorder = await writing.benchRecorder(join(folder, 'calls.mcap'), { compression: 'lz4' });
  const us: number[] = [];
  for (const [i, period] of periods.entries()) {
    const from = performance.now();
    for (const { topic, type, message } of period) recorder.record(topic, type, message, i, i);
    us.push(1000 * (performance.now() - from));
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await recorder.close();
  return rowOf('record_calls_of_a_tick', 'ours', 'µs', us);
}

/** µs a message, from the first call to the closed file, and from the file to the last decoded message. */
async function besideThePeer(
  folder: string,
  compression: (typeof COMPRESSIONS)[number],
  periods: readonly Sample[][],
): Promise<Row[]> {
  const messages = periods.flat().length;
  const times = { 'write ours': [], 'write peer': [], 'read ours': [], 'read peer': [] } as Record<string, number[]>;
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const name = (who: string) => `${compression}-${round}-${who}.mcap`;
    const timed = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
      const from = performance.now();
      const out = await act();
      // The first round is for the compiler.
      if (round > 0) times[key]!.push((1000 * (performance.now() - from)) / messages);
      return out;
    };
    const write = { ours: writing.ours(compression), peer: writing.bare(compression) };
    const order = round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const);
    const paths = { ours: '', peer: '' };
    for (const who of order) paths[who] = await timed(`write ${who}`, () => write[who](folder, name(who), periods));
    bytes = statSync(paths.ours).size;
    const read = { ours: reading.ours, peer: reading.bare };
    for (const who of order) {
      const count = await timed(`read ${who}`, () => read[who](paths.ours));
      if (count !== messages) throw new Error(`${who} read ${count} of ${messages} messages`);
    }
    for (const path of Object.values(paths)) rmSync(path);
  }
  const row = (what: string, who: 'ours' | 'peer') =>
    rowOf(`${what}_${compression}`, who === 'ours' ? 'ours' : PEER, 'µs a message', times[`${what} ${who}`]!);
  const size = rowOf(`size_${compression}`, 'ours', 'bytes a message', [bytes / messages]);
  return [row('write', 'ours'), row('write', 'peer'), row('read', 'ours'), row('read', 'peer'), size];
}
