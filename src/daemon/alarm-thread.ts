/** The thread of an alarm (alarm.ts): sleeps to just before the deadline, rings, and goes on to the next. */
import { parentPort, workerData } from 'node:worker_threads';
import { MonotonicClock } from '../core/clock.ts';
import { ALARM, type AlarmThreadData, microseconds } from './alarm-words.ts';

/** Looks at the deadline at least so often, µs. */
const LONGEST_SLEEP = 100_000;

const { words, periodUs, leadUs } = workerData as AlarmThreadData;
const clock = new MonotonicClock();
const leftUs = (deadlineUs: number) => (deadlineUs - microseconds(clock.nowNs())) | 0;

Atomics.wait(words, ALARM.started, 0);
let nextUs = Atomics.load(words, ALARM.deadlineUs);
for (;;) {
  // REAL-TIME: a number or two a turn.
  const set = Atomics.load(words, ALARM.deadlineUs);
  if (((set - nextUs) | 0) > 0) nextUs = set;
  const left = leftUs(nextUs) - leadUs;
  if (left > 0) {
    Atomics.wait(words, ALARM.sleep, 0, Math.min(left, LONGEST_SLEEP) / 1e3);
    continue;
  }
  if (Atomics.compareExchange(words, ALARM.rung, 0, 1) === 0) parentPort!.postMessage(null);
  nextUs = (nextUs + periodUs) | 0;
}
