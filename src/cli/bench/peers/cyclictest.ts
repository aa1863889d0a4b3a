import { spawn } from 'node:child_process';
import type { Missing } from '../rows.ts';

/** Longest latency that cyclictest counts in a bucket of its own, µs; what is longer counts as its maximum. */
const HISTOGRAM_US = 200_000;

/** What to do to have a real-time priority. */
export const PRIVILEGES = 'Real-time priority needs root, CAP_SYS_NICE, or `ulimit -r 80`.';

/** The kernel's own wake-up latency, by cyclictest of rt-tests; `priority`: SCHED_FIFO, 0 for SCHED_OTHER. */
export interface Cyclictest {
  readonly subject: string;
  readonly priority: number;
}

/** SCHED_OTHER is what a process without privileges gets, and so our fair peer; FIFO shows what the machine can do. */
export const CYCLICTESTS: readonly Cyclictest[] = [
  { subject: 'cyclictest', priority: 0 },
  { subject: 'cyclictest, FIFO 80', priority: 80 },
];

/** Latency of `loops` wake-ups, one every `intervalUs`; µs in ascending order, or why there are none. */
export async function cyclictest(
  { subject, priority }: Cyclictest,
  intervalUs: number,
  loops: number,
): Promise<number[] | Missing> {
  const policy = priority === 0 ? ['--policy=other'] : ['--policy=fifo', `--priority=${priority}`];
  const args = ['-q', '-t1', ...policy, '-i', String(intervalUs), '-l', String(loops), '-h', String(HISTOGRAM_US)];
  const child = spawn('cyclictest', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (d) => {
    stdout += d;
  });
  child.stderr.on('data', (d) => {
    stderr += d;
  });
  const ended = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.once('close', resolve);
  });
  if (ended === 0) return latencies(stdout);
  if (ended === 'ENOENT')
    return { subject, why: 'cyclictest is not installed', next: 'Install it: `apt-get install rt-tests`.' };
  const why = `cyclictest ended with ${ended}: ${stderr.trim().split('\n')[0] ?? ''}`;
  return { subject, why, next: PRIVILEGES };
}

/** Reads what `cyclictest -q -h` prints: `bucket count` a line, then comments. @throws Error when there is nothing */
export function latencies(text: string): number[] {
  const values: number[] = [];
  for (const [, us, count] of text.matchAll(/^(\d+)[ \t]+(\d+)$/gm))
    for (let n = 0; n < Number(count); n++) values.push(Number(us));
  const overflows = Number(/^# Histogram Overflows: *(\d+)/m.exec(text)?.[1] ?? 0);
  const max = Number(/^# Max Latencies: *(\d+)/m.exec(text)?.[1] ?? 0);
  for (let n = 0; n < overflows; n++) values.push(max);
  if (values.length === 0) throw new Error(`cyclictest said nothing: ${text.slice(0, 200)}`);
  return values;
}
