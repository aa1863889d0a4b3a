import type { RunConfig } from '../../core/config-schema.ts';
import { SeededRandom } from '../../core/random.ts';
import { ArmedReflex } from './armed-reflex.ts';
import { pause } from './child.ts';
import type { BenchOptions } from './registry.ts';
import { type Outcome, tailRow } from './rows.ts';

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

const SAMPLES = 300;
/** One death of the link for so many faults: it takes the whole reconnection. */
const FAULTS_PER_DEATH = 10;
/** A fault arises at any moment of two decisions. */
const PHASE_MS = 100;
const PATIENCE_MS = 2000;
/** Samples that something else spoilt (a stop by a busy machine) are taken again, so many times. */
const MAX_SPOILT = 100;

/**
 * A real reflex process at work at the control rate. A fault arises here, in memory: until its first command of a stop
 * is read from the socket at the robot's side. Then the robot's side goes silent on an open connection: until the reflex
 * stops, and until it says that the link is down.
 */
export async function benchFault(config: RunConfig, { samples = SAMPLES }: BenchOptions): Promise<Outcome> {
  const random = new SeededRandom(config.seed);
  const armed = await ArmedReflex.start(config);
  try {
    const { all, byFault, spoilt } = await faults(armed, samples, random);
    const deaths = await linkDeaths(armed, Math.ceil(samples / FAULTS_PER_DEATH), random);
    const periodMs = 1000 / config.safety.control_hz;
    const row = (name: string, ms: readonly number[], step: number) => tailRow(name, 'ours', 'ms', ms, step);
    return {
      results: [
        row('fault to stop', all, 1),
        ...FAULTS.map(({ name }) => row(`fault to stop: ${name}`, byFault.get(name) ?? [], 1)),
        row('link death', deaths.reported, 25),
        row('link death to stop', deaths.stopped, 10),
      ],
      notes: [
        `a tick is ${periodMs} ms, a ping of the link every ${config.bridge.ping_ms} ms; ${spoilt} samples were taken again`,
      ],
    };
  } finally {
    await armed.close();
  }
}

/** Milliseconds from `arise` to the first command of a stop at the robot; null when none came, or another cause's. */
async function faultToStop(armed: ArmedReflex, { arise, cause }: Fault): Promise<number | null> {
  if (armed.reflex.mode !== 'ACTIVE') return null;
  let seen = Number.NaN;
  let stopping = false;
  armed.onCommand = (command) => {
    if (command.mode !== 'STOPPING') return;
    if (!stopping) seen = performance.now();
    stopping = true;
  };
  const at = performance.now();
  arise(armed);
  while ((!stopping || armed.stopped === null) && performance.now() - at < PATIENCE_MS) await pause(1);
  armed.onCommand = () => {};
  return stopping && armed.stopped?.cause === cause ? seen - at : null;
}

async function faults(armed: ArmedReflex, samples: number, random: SeededRandom) {
  const all: number[] = [];
  const byFault = new Map<string, number[]>();
  let spoilt = 0;
  while (all.length < samples) {
    const fault = FAULTS[all.length % FAULTS.length]!;
    await armed.engage();
    await pause(random.range(0, PHASE_MS));
    const ms = await faultToStop(armed, fault);
    if (ms === null) {
      if (++spoilt > MAX_SPOILT)
        throw new Error(`${fault.name}: no stop, or for another reason: ${armed.reflex.mode} ${armed.stopped?.cause}`);
      continue;
    }
    all.push(ms);
    byFault.set(fault.name, [...(byFault.get(fault.name) ?? []), ms]);
  }
  return { all, byFault, spoilt };
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
