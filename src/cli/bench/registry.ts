import type { Bench } from './rows.ts';

interface Entry {
  readonly summary: string;
  load(): Promise<Bench>;
}

/** Every bench. To add one: write its file, name it here. Loaded when called, so that `--help` waits for none. */
export const benches = {
  loop: {
    summary: 'state in to command out, beside a bare echo',
    load: async () => (await import('./loop.ts')).benchLoop,
  },
  world: {
    summary: 'speed of the simulation',
    load: async () => (await import('./world.ts')).benchWorld,
  },
  gate: {
    summary: "the critic's kernel beside C, ONNX Runtime and TensorFlow.js, and a tick of the gate",
    load: async () => (await import('./gate.ts')).benchGate,
  },
  fault: {
    summary: 'a fault arises to the stop command at the robot, and a dead link to its report',
    load: async () => (await import('./fault.ts')).benchFault,
  },
  jitter: {
    summary: "lateness of the reflex's timer, idle and under load, beside cyclictest",
    load: async () => (await import('./jitter.ts')).benchJitter,
  },
  invariance: {
    summary: 'adversarial commands to joints: how far past their limits, beside the naive bound',
    load: async () => (await import('./invariance.ts')).benchInvariance,
  },
  soak: {
    summary:
      'the bridge at 500 Hz on a link that is cut every 5 s: every message accounted for, memory, no stale command',
    load: async () => (await import('./bridge/soak.ts')).benchSoak,
  },
  bridge: {
    summary:
      'our bridge client beside roslib and bare ws, our rosbridge server beside a bare ws relay and echo, our CBOR reader beside that of roslib',
    load: async () => (await import('./bridge.ts')).benchBridge,
  },
  log: {
    summary: 'recording and reading beside the bare @mcap/core, and the heap of a long recording',
    load: async () => (await import('./log.ts')).benchLog,
  },
  memory: {
    summary: 'heap that the gate keeps over a million ticks',
    load: async () => (await import('./memory.ts')).benchMemory,
  },
  guard: {
    summary: 'the model-based guard: cost of a check, false alarms, violations foreseen',
    load: async () => (await import('./guard.ts')).benchGuard,
  },
  learning: {
    summary: 'what is learned beside public numbers, case by case; long',
    load: async () => (await import('./learning.ts')).benchLearning,
  },
  practice: {
    summary: 'practice on the simulated robot: success before and after, with the learner killed on the way; long',
    load: async () => (await import('./practice.ts')).benchPractice,
  },
} as const satisfies Record<string, Entry>;

export type BenchName = keyof typeof benches;
export const BENCH_NAMES = Object.keys(benches) as BenchName[];
