import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.ts';
import { packageRoot } from '../core/paths.ts';
import { ALARM, type AlarmThreadData, microseconds } from './alarm-words.ts';
import type { Alarm } from './deadline.ts';

/** The thread counts whole microseconds, and reads the clock a moment apart. */
const AHEAD_NS = 50_000;

/**
 * An alarm on a thread of its own, which sleeps in `Atomics.wait` and rings by a message.
 *
 * Why a thread: libuv's timers count whole milliseconds, so `setTimeout` and `setInterval` ring anywhere from 1 ms early
 * to 1.2 ms late, and 100 Hz and more cannot be kept. Polling with `setImmediate` for the last millisecond is the most
 * exact (median 4 µs) but takes 15 % of a core at 100 Hz and all of it at 500, and a busy machine then takes the core
 * away for longer. The thread is 0.1 to 0.25 ms late in the median at 4 to 6 % of a core, needs no privileges, and its
 * hand-over to the event loop costs the same by `postMessage` as by `Atomics.waitAsync`, which keeps no process alive.
 * (All on two cores with other work on them: the medians say what a mechanism costs, the tails were that work's.)
 *
 * Two wake-ups lie between the thread's sleep and the tick. So the thread rings `spinUs` early, and the event loop, woken by
 * then, spins to the deadline: mostly less than `spinUs`, which is also what a message on a socket may have to wait.
 */
export class ThreadAlarm implements Alarm {
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * ALARM.count));
  readonly #thread: Worker;
  readonly #clock: Clock;
  readonly #periodNs: number;
  readonly #spinNs: number;
  #deadlineNs = 0;
  #ring: () => void = () => {};
  #stopped = false;
  readonly #again = (): void => {
    if (!this.#stopped) this.#await();
  };

  private constructor(periodNs: number, clock: Clock, spinUs: number, failed: (error: Error) => void) {
    this.#clock = clock;
    const workerData: AlarmThreadData = { words: this.#words, periodUs: Math.floor(periodNs / 1e3), leadUs: spinUs };
    this.#periodNs = periodNs;
    this.#spinNs = spinUs * 1e3;
    this.#thread = new Worker(join(packageRoot, 'dist/src/daemon/alarm-thread.js'), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
    });
    this.#thread.on('message', () => {
      Atomics.store(this.#words, ALARM.rung, 0);
      this.#await();
    });
    this.#thread.on('error', failed);
    this.#thread.on('exit', (code) => this.#stopped || failed(new Error(`the alarm thread ended with ${code}`)));
  }

  /** Resolves when the thread is there. `clock`: the machine's, which the thread reads for itself. `failed`: it ended by itself, and nobody will ring. */
  static async start(
    periodNs: number,
    clock: Clock,
    spinUs: number,
    failed: (error: Error) => void,
  ): Promise<ThreadAlarm> {
    const alarm = new ThreadAlarm(periodNs, clock, spinUs, failed);
    await once(alarm.#thread, 'online');
    return alarm;
  }

  /** Rings at the deadline; not at all when it was put off meanwhile, for then the thread rings again. */
  #await(): void {
    // REAL-TIME: spins for at most `spinUs`.
    let left = this.#deadlineNs - this.#clock.nowNs();
    if (left > this.#spinNs + AHEAD_NS) return;
    while (left > 0) left = this.#deadlineNs - this.#clock.nowNs();
    // Nothing is caught up: of what is past already there is one ring.
    this.#deadlineNs += this.#periodNs * (1 + Math.floor(-left / this.#periodNs));
    this.#ring();
    // Where this ring was heard that late, the thread found it unheard at the next one, and rings for that no more: without
    // a look of our own every tick from now on would be a ring behind. After the sockets were read, as after any ring.
    if (this.#deadlineNs - this.#clock.nowNs() <= this.#spinNs + AHEAD_NS) setImmediate(this.#again);
  }

  set(deadlineNs: number): void {
    this.#deadlineNs = deadlineNs;
    Atomics.store(this.#words, ALARM.deadlineUs, microseconds(deadlineNs));
  }

  onRing(ring: () => void): void {
    this.#ring = ring;
    Atomics.store(this.#words, ALARM.started, 1);
    Atomics.notify(this.#words, ALARM.started);
  }

  stop(): void {
    this.#stopped = true;
    void this.#thread.terminate();
  }
}
