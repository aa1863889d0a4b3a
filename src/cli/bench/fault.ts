import type { RunConfig } from '../../core/config-schema.ts';
import { SeededRandom } from '../../core/random.ts';
import { type Aim, judge } from './aims.ts';
import { ArmedReflex } from './armed-reflex.ts';
import { pause } from './child.ts';
import { type BenchOptions, type Outcome, type Row, tailRow } from './rows.ts';

interface Fault {
  readonly name: string;
  /** Cause that the gate must give; another means that something else stopped it. */
  readonly cause: string;
  arise(armed: ArmedReflex): void;
}

const FAULTS: readonly Fault[] = [
  { name: 'NaN state', cause: 'non_finite', arise: (armed) => armed.sense(Number.NaN) },
  { name: 'NaN decision', cause: 'non_finite', arise: (armed) => armed.brain.decide(Number.NaN) },
  { name: 'brain gone', cause: 'brain_lost', arise: (armed) => armed.brain.die() },
];

/** Enough for a p99.9 that is a sample and not the maximum. */
const SAMPLES = 1002;
/** One death of the link for so many faults: it takes the whole reconnection. */
const FAULTS_PER_DEATH = 10;
/** A fault arises at any moment of two decisions. */
const PHASE_MS = 100;
const PATIENCE_MS = 2000;
/** A stop that something else made (a busy machine) is no sample: it is taken again, this many times and one for each. */
const MAX_AGAIN = 20;
/** What is promised: a stop within so many periods of control at p99.9, and a dead link known within so many ms, each. */
const STOP_PERIODS = 2;
const LINK_MS = 100;

/**
 * A real reflex process at work at the control rate. A fault arises here, in memory: until its first command of a stop
 * is read from the socket at the robot's side. Then the robot's side goes silent on an open connection: until the reflex
 * stops, and until it says that the link is down. Ends with 1 where an aim is not reached.
 */
export async function benchFault(config: RunConfig, { samples = SAMPLES }: BenchOptions): Promise<Outcome> {
  const random = new SeededRandom(config.seed);
  const armed = await ArmedReflex.start(config);
  try {
    const { all, byFault, again } = await faults(armed, samples, random);
    const deaths = await linkDeaths(armed, Math.ceil(samples / FAULTS_PER_DEATH), random);
    const periodMs = 1000 / config.safety.control_hz;
    const row = (name: string, ms: readonly number[], step: number) => tailRow(name, 'ours', 'ms', ms, step);
    const results = [
      row('fault to stop', all, 1),
      ...FAULTS.map(({ name }) => row(`fault to stop: ${name}`, byFault.get(name) ?? [], 1)),
      row('link death', deaths.reported, 25),
      row('link death to stop', deaths.stopped, 10),
    ];
    const { notes, failed } = judge(faultAims(results, periodMs), samples >= SAMPLES);
    return {
      results,
      failed,
      notes: [
        ...notes,
        `a tick is ${periodMs} ms, a ping of the link every ${config.daemon.link_ping_ms} ms`,
        `taken again, since something else stopped it: ${tally(again)}`,
      ],
    };
  } finally {
    await armed.close();
  }
}

/** The aims, from the rows of the bench; `periodMs` of control. */
export function faultAims(rows: readonly Row[], periodMs: number): Aim[] {
  const of = (name: string) => rows.find((row) => row.case === name);
  const stop = of('fault to stop')?.p99_9 ?? Number.NaN;
  const link = of('link death')?.max ?? Number.NaN;
  return [
    { what: 'fault to stop, p99.9', value: stop, unit: 'ms', atMost: STOP_PERIODS * periodMs },
    { what: 'link death to its report, the longest', value: link, unit: 'ms', atMost: LINK_MS },
  ];
}

/**
 * Milliseconds from `arise` to the first command of a stop at the robot, or the cause of a stop that was not this
 * fault's: then there is nothing to measure.
 * @throws Error when no stop comes: a fault that is let through is no sample to leave out
 */
async function faultToStop(armed: ArmedReflex, { name, arise, cause }: Fault): Promise<number | string> {
  if (armed.reflex.mode !== 'ACTIVE') return armed.stopped?.cause ?? armed.reflex.mode;
  let seen = Number.NaN;
  armed.onCommand = (command) => {
    if (command.mode === 'STOPPING' && Number.isNaN(seen)) seen = performance.now();
  };
  const at = performance.now();
  arise(armed);
  while (Number.isNaN(seen) || armed.stopped === null) {
    if (performance.now() - at > PATIENCE_MS)
      throw new Error(`${name}: no stop within ${PATIENCE_MS} ms, the reflex is ${armed.reflex.mode}`);
    await pause(1);
  }
  armed.onCommand = () => {};
  return armed.stopped.cause === cause ? seen - at : armed.stopped.cause;
}

async function faults(armed: ArmedReflex, samples: number, random: SeededRandom) {
  const all: number[] = [];
  const byFault = new Map(FAULTS.map(({ name }) => [name, [] as number[]]));
  const again: string[] = [];
  while (all.length < samples) {
    const fault = FAULTS[all.length % FAULTS.length]!;
    await armed.engage();
    await pause(random.range(0, PHASE_MS));
    const ms = await faultToStop(armed, fault);
    if (typeof ms === 'number') {
      all.push(ms);
      byFault.get(fault.name)!.push(ms);
    } else if (again.push(ms) > MAX_AGAIN + samples)
      throw new Error(`something else stops it, time after time: ${tally(again)}`);
  }
  return { all, byFault, again };
}

/** `a ×2, b ×1` */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, n]) => `${word} ×${n}`).join(', ') || 'none';
}

async function linkDeaths(armed: ArmedReflex, samples: number, random: SeededRandom) {
  const reported: number[] = [];
  const stopped: number[] = [];
  while (reported.length < samples) {
    await armed.engage();
    await pause(random.range(0, PHASE_MS));
    let stopAt = Number.NaN;
    let downAt = Number.NaN;
    const at = performance.now();
    const watching = armed.reflex.operator.status$.subscribe((status) => {
      const now = performance.now();
      if (status?.mode === 'STOPPING' && Number.isNaN(stopAt)) stopAt = now;
      if (status?.linkUp === false && Number.isNaN(downAt)) downAt = now;
    });
    armed.fallSilent();
    while (Number.isNaN(downAt) && performance.now() - at < PATIENCE_MS) await pause(1);
    watching.unsubscribe();
    if (Number.isNaN(downAt) || Number.isNaN(stopAt))
      throw new Error(`a silent robot, and after ${PATIENCE_MS} ms the reflex is ${armed.reflex.mode}`);
    reported.push(downAt - at);
    stopped.push(stopAt - at);
  }
  return { reported, stopped };
}
