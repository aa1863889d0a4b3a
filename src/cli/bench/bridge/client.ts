import type { RunConfig } from '../../../core/config-schema.ts';
import { judge } from '../aims.ts';
import { meter } from '../heap.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from '../rows.ts';
import { medianOf, RECEIVED } from './aims.ts';
import { MILLION, memoryOver } from './flat.ts';
import { numberOf, Robot } from './robot.ts';
import { SUBJECTS, type Subject } from './subjects.ts';
import { inTurns, RATES, ROUNDS, statesOf } from './turns.ts';

type Name = keyof typeof SUBJECTS;
const NAMES = Object.keys(SUBJECTS) as Name[];

/** Messages of one throughput sample. */
const FLOOD = 50_000;

/**
 * Our client, roslib with its defaults, and a bare `ws` client that does nothing but `JSON.parse`, in turns against one
 * robot process: how long from a state to its command at the robot, how many states a second, and what a million of
 * them leave behind.
 */
export async function benchClient(
  _config: RunConfig,
  { samples = ROUNDS }: BenchOptions,
  million = MILLION,
): Promise<Outcome> {
  const robot = await Robot.start();
  try {
    const loops = await closedLoop(robot, samples);
    const floods = await throughput(robot, samples);
    const value = medianOf(floods, 'receive', 'ours');
    // Fewer rounds than the claim is of are a look, not a test.
    const verdict = judge(
      [{ what: 'client, receive', value, unit: 'messages/s', atLeast: RECEIVED }],
      samples >= ROUNDS,
    );
    const memory = await withSubject(robot, 'ours', (subject) =>
      memoryOver('', million, (count) => received(subject, robot, count), meter()),
    );
    return {
      results: [...loops, ...floods, ...memory.rows],
      notes: [...verdict.notes, ...memory.notes],
      failed: verdict.failed || memory.failed,
    };
  } finally {
    await robot.close();
  }
}

async function withSubject<T>(robot: Robot, name: Name, measure: (subject: Subject) => Promise<T>): Promise<T> {
  await robot.forget();
  const subject = await SUBJECTS[name](robot.url);
  try {
    // The subscription has been read when this has come back.
    await received(subject, robot, 1);
    return await measure(subject);
  } finally {
    await subject.close();
  }
}

/** Milliseconds in which `count` states came in, from the first to the last. */
async function received(subject: Subject, robot: Robot, count: number): Promise<number> {
  let left = count;
  let first = 0;
  const all = new Promise<number>((resolve) => {
    subject.onState = () => {
      const now = performance.now();
      if (left === count) first = now;
      if (--left === 0) resolve(now - first);
    };
  });
  const written = robot.flood(count);
  const ms = await all;
  await written;
  return ms;
}

async function closedLoop(robot: Robot, rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const hz of RATES) {
    const all = await inTurns(NAMES, rounds, (name) =>
      withSubject(robot, name, (subject) => {
        subject.onState = (message) => subject.command(numberOf(message));
        return robot.pace(hz, statesOf(hz, rounds));
      }),
    );
    for (const [name, ms] of all) rows.push(rowOf(`state to command at ${hz} Hz`, name, 'ms', ms));
  }
  return rows;
}

async function throughput(robot: Robot, rounds: number): Promise<Row[]> {
  const all = await inTurns(NAMES, rounds, (name) =>
    withSubject(robot, name, async (subject) => [(FLOOD / (await received(subject, robot, FLOOD))) * 1000]),
  );
  return [...all].map(([name, rates]) => rowOf('receive', name, 'messages/s', rates));
}
