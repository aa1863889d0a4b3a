import { connect, type Socket } from 'node:net';
import type { MonotonicClock } from '../../core/clock.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import type { Decision } from '../../core/signals.ts';
import { FrameSender, KIND } from '../../daemon/link.ts';
import { encodeDecision } from '../../daemon/wire.ts';

const ACTION = 4;

/** The brain's part on the reflex's socket: small decisions, to and fro, at the task's rate. */
export class StandInBrain {
  readonly #path: string;
  readonly #clock: MonotonicClock;
  readonly #config: RunConfig;
  readonly #epoch: () => number;
  readonly #numbers = new Float64Array(64);
  #socket: Socket | null = null;
  #sender: FrameSender | null = null;
  #timer: NodeJS.Timeout | null = null;
  #seq = 0;

  /** `epoch`: the command epoch now in force. */
  constructor(path: string, clock: MonotonicClock, config: RunConfig, epoch: () => number) {
    this.#path = path;
    this.#clock = clock;
    this.#config = config;
    this.#epoch = epoch;
  }

  get connected(): boolean {
    return this.#sender !== null;
  }

  /** Connects unless it is, and decides from now on. */
  async start(): Promise<void> {
    if (this.#socket !== null) return;
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.on('error', () => {});
    // What the reflex says to all of its clients is read, and left.
    socket.resume();
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    this.#sender = new FrameSender(socket);
    this.#sender.sendJson(KIND.hello, { role: 'brain', pid: process.pid });
    this.#timer = setInterval(() => this.decide(), 1000 / this.#config.task.decision_hz);
  }

  /** One decision. `first`: its first number, for a fault of its own. */
  decide(first = this.#seq % 2 === 0 ? 0.2 : -0.2): void {
    const nowNs = this.#clock.nowNs();
    const decision: Decision = {
      epoch: this.#epoch(),
      seq: ++this.#seq,
      observationSeq: this.#seq,
      observationStampNs: nowNs,
      observedNs: nowNs,
      expiresNs: nowNs + this.#config.safety.decision_age_ms * 1e6,
      base: Float64Array.of(first, 0, 0, 0),
      residual: new Float64Array(ACTION),
    };
    this.#sender?.sendNumbers(KIND.decision, this.#numbers, encodeDecision(decision, this.#numbers));
  }

  /** Its socket closes, as that of a killed process does. */
  die(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#socket?.destroy();
    this.#socket = null;
    this.#sender = null;
    this.#timer = null;
  }
}
