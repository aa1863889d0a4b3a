import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { MonotonicClock } from '../../core/clock.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { ReflexClient } from '../../daemon/operator.ts';
import { stolenMs } from '../stolen.ts';
import { type Aim, judge } from './aims.ts';
import { pause } from './child.ts';
import { LOADS, type Load, under } from './load.ts';
import { CYCLICTESTS, cyclictest, PRIVILEGES } from './peers/cyclictest.ts';
import { ReflexUnderTest, startOfTask, stateMessages } from './reflex.ts';
import { type BenchOptions, type Missing, type Outcome, quantile, type Row, rounded, rowOf } from './rows.ts';

const RATES = [100, 250, 500];
/** Of each subject at each rate, s: at 500 Hz p99.9 is of ten thousand ticks. */
const SECONDS = 20;
/** Every subject is measured in so many slices, in turns with the others. */
const SLICES = 3;
/** After the reflex has subscribed: its first ticks are not its cadence. */
const SETTLE_MS = 300;
/** How much later than cyclictest without privileges we may be at p99 on an idle machine, and at 100 Hz in all. */
const AIM_OVER_PEER_US = 300;
const AIM_US = 1000;

/** A reflex without privileges, and one as `doctor` advises: all of its threads below ros2_control's priority. */
const OURS = [
  { subject: 'ours', wrapper: [] },
  { subject: 'ours, FIFO 40', wrapper: ['chrt', '-f', '40'] },
] as const;

interface Measured {
  readonly us: number[];
  /** Whole periods that went by. */
  skipped: number;
}

/**
 * Lateness of the reflex's ticks after their absolute deadlines, beside the wake-up latency of cyclictest at the same
 * interval, in turns. A real reflex process each time, with a link to a robot that sends it a joint state every period:
 * never a whole state, so that every tick is the timer's while the event loop has its sockets to read. Ends with 1 where an
 * aim is not reached.
 */
export async function benchJitter(config: RunConfig, { samples }: BenchOptions): Promise<Outcome> {
  const results: Row[] = [];
  const missing = new Map<string, Missing>();
  const notes = [`load of the machine at the start (1, 5, 15 min): ${loadavg().map((l) => l.toFixed(2))}`];
  const loads = Object.keys(LOADS) as Load[];
  for (const load of loads) {
    for (const hz of RATES) {
      const rows = await under(load, () => measure(config, hz, samples ?? SECONDS * hz, missing));
      for (const { subject, us, stolen, ...row } of rows)
        results.push({
          ...rowOf(`${hz} Hz, ${load}`, subject, 'us', us),
          p99_9: rounded(quantile(Float64Array.from(us).sort(), 0.999)),
          ...('skipped' in row && { skipped: row.skipped }),
          ...(stolen >= 0 && { stolen_ms: stolen }),
        });
    }
  }
  // Fewer samples than the claim is of are a look, not a test.
  const verdict = judge(jitterAims(results), samples === undefined || samples >= SECONDS * Math.max(...RATES));
  return {
    results,
    missing: [...missing.values()],
    notes: [...notes, ...stolenNotes(results), ...verdict.notes],
    failed: verdict.failed,
  };
}

async function measure(config: RunConfig, hz: number, samples: number, missing: Map<string, Missing>) {
  const ours = OURS.map(({ subject, wrapper }) => ({ subject, wrapper, us: [] as number[], skipped: 0, stolen: 0 }));
  const peers = CYCLICTESTS.map((peer) => ({ peer, subject: peer.subject, us: [] as number[], stolen: 0 }));
  const slice = Math.ceil(samples / SLICES);
  for (let n = 0; n < SLICES; n++) {
    for (const row of ours) {
      if (missing.has(row.subject)) continue;
      if (!permitted(row.wrapper)) {
        missing.set(row.subject, {
          subject: row.subject,
          why: `may not run ${row.wrapper.join(' ')}`,
          next: PRIVILEGES,
        });
        continue;
      }
      const measured = await counting(row, () => lateness(config, hz, slice, row.wrapper));
      row.us.push(...measured.us);
      row.skipped += measured.skipped;
    }
    for (const row of peers) {
      const { peer } = row;
      if (missing.has(peer.subject)) continue;
      const answer = await counting(row, () => cyclictest(peer, Math.round(1e6 / hz), slice));
      if (Array.isArray(answer)) row.us.push(...answer);
      else missing.set(peer.subject, answer);
    }
  }
  return [...ours, ...peers].filter(({ us }) => us.length > 0);
}

/** Adds to `row` what the host takes while `body` runs. */
async function counting<T>(row: { stolen: number }, body: () => Promise<T>): Promise<T> {
  const before = stolenMs();
  const answer = await body();
  row.stolen += stolenMs() - before;
  return answer;
}

const permitted = ([command, ...args]: readonly string[]) =>
  command === undefined || spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0;

/** `samples` ticks of the timer of a reflex process at `hz`. */
export async function lateness(
  config: RunConfig,
  hz: number,
  samples: number,
  wrapper: readonly string[],
): Promise<Measured> {
  const run: RunConfig = { ...config, safety: { ...config.safety, control_hz: hz } };
  const { state } = await startOfTask(run);
  const reflex = await ReflexUnderTest.start(run, wrapper);
  const clock = new MonotonicClock();
  const feed = setInterval(() => reflex.publish(stateMessages(run, state, clock.nowNs()).slice(0, 1)), 1000 / hz);
  const observer = new ReflexClient(reflex.path, 'observer');
  const skipped = async () => Number((await reflex.operator.summary()).skipped);
  try {
    await pause(SETTLE_MS);
    const us: number[] = [];
    const before = await skipped();
    const listening = observer.ticks$.subscribe(({ latenessUs }) => {
      if (!Number.isNaN(latenessUs) && us.length < samples) us.push(latenessUs);
    });
    await reflex.until(`tick ${samples} times`, () => us.length >= samples, (4 * samples * 1000) / hz + 8000);
    listening.unsubscribe();
    return { us, skipped: (await skipped()) - before };
  } finally {
    clearInterval(feed);
    observer.close();
    await reflex.close();
  }
}

/** What a reader must know of a virtual machine: for how long it was not there at all. */
export function stolenNotes(results: readonly Row[]): string[] {
  const rows = results.filter(({ stolen_ms: ms = 0 }) => ms > 0).sort((a, b) => b.stolen_ms! - a.stolen_ms!);
  const [worst] = rows;
  if (worst === undefined) return [];
  const all = rows.reduce((sum, { stolen_ms: ms }) => sum + ms!, 0);
  return [
    `the host of this virtual machine took ${rounded(all)} ms of CPU time meanwhile, ${rounded(worst.stolen_ms!)} of them in ` +
      `${worst.case}, ${worst.subject}: so long nothing ran here, of whatever priority`,
  ];
}

/** The aims; beside peers that were there only. */
export function jitterAims(results: readonly Row[]): Aim[] {
  const p99 = (name: string, subject: string) =>
    results.find((row) => row.case === name && row.subject === subject)?.p99 ?? Number.NaN;
  const first = `${RATES[0]} Hz, idle`;
  const over = OURS.flatMap(({ subject }, i) =>
    RATES.map((hz): Aim => {
      const name = `${hz} Hz, idle`;
      const peer = CYCLICTESTS[i]!.subject;
      const value = p99(name, subject) - p99(name, peer);
      return { what: `${subject} p99 over ${peer} at ${name}`, value, unit: 'us', atMost: AIM_OVER_PEER_US };
    }),
  );
  return [
    { what: `ours p99 at ${first}`, value: p99(first, 'ours'), unit: 'us', atMost: AIM_US },
    ...over.filter(({ value }) => !Number.isNaN(value)),
  ];
}
