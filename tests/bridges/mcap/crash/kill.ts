import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filesOfLog } from '../../../../bridges/mcap/files.ts';
import { readLog } from '../../../../bridges/mcap/reader.ts';
import { type Examined, examineLog } from '../../../../bridges/mcap/repair.ts';
import type { Random } from '../../../../src/core/random.ts';

export interface Killed {
  files: number;
  /** Given to the recorder, in the files by its own count, and found in them afterwards. */
  recorded: number;
  written: number;
  recovered: number;
  /** Files that had to be repaired, and what the damaged part was. */
  repaired: number;
  why: string[];
}

/**
 * Lets a child record, kills it with SIGKILL after a time of `random`, repairs what is not whole, and reads all of it.
 * Throws when a file does not open, or a message is not the next one with the values that it was given.
 */
export async function killWhileRecording(folder: string, n: number, random: Random): Promise<Killed> {
  const path = join(folder, `kill-${n}_00000.mcap`);
  const compression = ['none', 'lz4', 'zstd'][n % 3]!;
  const rotateBytes = n % 2 === 0 ? 0 : 60_000;
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'recording-child.mjs'), path, compression, String(rotateBytes), String(n)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const said: Buffer[] = [];
  const first = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  child.stdout.on('data', (bytes: Buffer) => said.push(bytes));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await Promise.race([first, gone]);
  setTimeout(() => child.kill('SIGKILL'), 150 * random.uniform());
  await gone;
  const all = Buffer.concat(said);
  const last = all.length - (all.length % 16) - 16;
  const [recorded, written] = last < 0 ? [0, 0] : [all.readDoubleLE(last), all.readDoubleLE(last + 8)];

  const killed: Killed = { files: 0, recorded, written, recovered: 0, repaired: 0, why: [] };
  if (!existsSync(path)) return killed;
  for (const file of filesOfLog(path)) {
    killed.files++;
    let whole = file;
    let found: Examined = await examineLog(file);
    if (!found.complete) {
      killed.repaired++;
      whole = file.replace('.mcap', '-repaired.mcap');
      found = await examineLog(file, whole);
      killed.why.push(...found.damaged.map((d) => d.why));
    }
    for await (const { topic, logTimeNs, message } of readLog(whole)) {
      if (topic === '/latched') continue;
      const { effort } = message as { effort: Float64Array };
      if (effort[0] !== killed.recovered || Number(logTimeNs) !== killed.recovered)
        throw new Error(`${whole}: message ${effort[0]} at ${logTimeNs}, ${killed.recovered} was expected`);
      killed.recovered++;
    }
  }
  return killed;
}
