import { BehaviorSubject, Subject } from 'rxjs';
import { z } from 'zod';
import type { VirtualClock } from '../../src/core/clock.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { defineBridge } from '../../src/core/plugin.ts';
import type { CommandEncoder, RefusedBecause, SafeAction, SensorFrame, SentCommand } from '../../src/core/signals.ts';
import type { Bridge, BridgeCounters, LinkState } from '../bridge.ts';
import type { EquilibriumCommand } from '../messages/messages.ts';
import type { PegWorld } from './world.ts';
import { type OutgoingMessage, resetAnswer, WorldMessages } from './world-messages.ts';

/** Rate of estimate, robot status and episode status, of the simulated time. */
const SLOW_HZ = 20;

/**
 * The simulated robot in our own process, under a virtual clock: no sockets, no waiting, the same bits for a seed.
 * Time moves by one state period at each `step`.
 */
export class MujocoBridge implements Bridge {
  readonly name = 'mujoco';
  readonly frames$ = new Subject<SensorFrame>();
  readonly link$: BehaviorSubject<LinkState>;
  readonly counters: BridgeCounters = {
    framesIn: 0,
    malformed: 0,
    unexpected: 0,
    commandsSent: 0,
    commandsRefused: 0,
    reconnects: 0,
    lost: 0,
    silent: 0,
    mismatched: 0,
    unreached: 0,
    callsFailed: 0,
  };
  readonly #world: PegWorld;
  readonly #messages: WorldMessages;
  readonly #encoder: CommandEncoder;
  readonly #clock: VirtualClock;
  readonly #slowEvery: number;
  #seed: number;
  #steps = 0;
  #closed = false;

  /** `seed` of the first episode that the reset service starts; each further one takes the next. */
  constructor(world: PegWorld, encoder: CommandEncoder, clock: VirtualClock, seed: number) {
    this.#world = world;
    this.#messages = new WorldMessages(world);
    this.#encoder = encoder;
    this.#clock = clock;
    this.#slowEvery = Math.max(1, Math.round(1e9 / SLOW_HZ / world.periodNs));
    this.#seed = seed;
    this.link$ = new BehaviorSubject<LinkState>({ up: false, epoch: 0, atNs: clock.nowNs(), reason: 'not yet open' });
  }

  /** Up at once; a second `open` after `close` begins a new epoch. */
  async open(): Promise<void> {
    const { up, epoch } = this.link$.value;
    if (up) return;
    this.#closed = false;
    this.counters.reconnects = epoch;
    this.link$.next({ up: true, epoch: epoch + 1, atNs: this.#clock.nowNs(), reason: '' });
  }

  /** One state period of physics; then its messages, in the order of the ROS side. */
  step(): void {
    this.#world.advance();
    this.#clock.set(this.#world.timeNs);
    if (this.#steps++ % this.#slowEvery === 0) {
      this.#emit(this.#messages.estimate());
      this.#emit(this.#messages.status());
      this.#emit(this.#messages.episode());
    }
    for (const out of this.#messages.state()) this.#emit(out);
  }

  /** The world goes on while the link is down; nobody hears of it. */
  #emit({ topic, type, message }: OutgoingMessage): void {
    const { up, epoch } = this.link$.value;
    if (!up) return;
    this.counters.framesIn++;
    this.frames$.next({ topic, type, message, receivedNs: this.#clock.nowNs(), linkEpoch: epoch });
  }

  send(action: SafeAction): SentCommand {
    const sentNs = this.#clock.nowNs();
    let refused: RefusedBecause | null = null;
    if (!this.link$.value.up) refused = this.#closed ? 'closed' : 'not_connected';
    else if (sentNs >= action.expiresNs) refused = 'expired';
    if (refused === null) {
      this.#world.receive(this.#encoder.encode(action).message as EquilibriumCommand);
      this.counters.commandsSent++;
    } else this.counters.commandsRefused++;
    return { sent: refused === null, refused, epoch: action.epoch, seq: action.seq, sentNs };
  }

  /** Serves reset (`{ seed }` is optional) and release; the answer of reset names the seed. */
  async call(service: string, _type: string, args: unknown, _timeoutMs: number): Promise<unknown> {
    const { task } = this.#world;
    const allowed = `${task.reset_service} or ${task.release_service}`;
    if (!this.link$.value.up)
      throw new ReflexArcError('RA_SERVICE_FAILED', { seen: `${service}: the link is down`, allowed });
    if (service === task.release_service) {
      this.#world.release();
      return { success: true, message: 'released' };
    }
    if (service !== task.reset_service)
      throw new ReflexArcError('RA_SERVICE_FAILED', { seen: `service ${service}`, allowed });
    const asked = (args as { seed?: unknown } | null)?.seed;
    const seed = Number.isSafeInteger(asked) ? (asked as number) : this.#seed++;
    this.#world.reset(seed);
    return { success: true, message: resetAnswer(seed) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { up, epoch } = this.link$.value;
    if (up) this.link$.next({ up: false, epoch, atNs: this.#clock.nowNs(), reason: 'closed by us' });
  }
}

export interface MujocoContext {
  world: PegWorld;
  encoder: CommandEncoder;
  clock: VirtualClock;
}

export const mujoco = defineBridge({
  name: 'mujoco',
  summary: 'The simulated robot in our own process, under a virtual clock.',
  options: z.strictObject({ seed: z.int().min(0).default(1) }),
  create: ({ seed }: { seed: number }, { world, encoder, clock }: MujocoContext) =>
    new MujocoBridge(world, encoder, clock, seed),
});
