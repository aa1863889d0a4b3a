import { BehaviorSubject, Subject } from 'rxjs';
import { z } from 'zod';
import type { VirtualClock } from '../../src/core/clock.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { defineBridge } from '../../src/core/plugin.ts';
import type { CommandEncoder, SafeAction, SensorFrame, SentCommand } from '../../src/core/signals.ts';
import type { Bridge, BridgeCounters, LinkState } from '../bridge.ts';
import type { EquilibriumCommand } from '../messages/messages.ts';
import type { PegWorld } from './world.ts';
import { type OutgoingMessage, WorldMessages } from './world-messages.ts';

/** Estimate, robot status and episode status come at every so many states. */
const SLOW_EVERY = 5;

/**
 * The simulated robot in our own process, under a virtual clock: no sockets, no waiting, the same bits for a seed.
 * Time moves by one state period at each `step`.
 */
export class MujocoBridge implements Bridge {
  readonly name = 'mujoco';
  readonly frames$ = new Subject<SensorFrame>();
  readonly link$: BehaviorSubject<LinkState>;
  readonly counters: BridgeCounters = { framesIn: 0, malformed: 0, commandsSent: 0, commandsRefused: 0, reconnects: 0 };
  readonly #world: PegWorld;
  readonly #messages: WorldMessages;
  readonly #encoder: CommandEncoder;
  readonly #clock: VirtualClock;
  #seed: number;
  #steps = 0;

  /** `seed` of the first episode that the reset service starts; each further one takes the next. */
  constructor(world: PegWorld, encoder: CommandEncoder, clock: VirtualClock, seed: number) {
    this.#world = world;
    this.#messages = new WorldMessages(world);
    this.#encoder = encoder;
    this.#clock = clock;
    this.#seed = seed;
    this.link$ = new BehaviorSubject<LinkState>({ up: false, epoch: 0, atNs: clock.nowNs(), reason: 'not yet open' });
  }

  async open(): Promise<void> {
    this.link$.next({ up: true, epoch: 1, atNs: this.#clock.nowNs(), reason: '' });
  }

  /** One state period of physics; then its messages, in the order of the ROS side. */
  step(): void {
    this.#world.advance();
    this.#clock.set(this.#world.timeNs);
    if (this.#steps++ % SLOW_EVERY === 0) {
      this.#emit(this.#messages.estimate());
      this.#emit(this.#messages.status());
      this.#emit(this.#messages.episode());
    }
    for (const out of this.#messages.state()) this.#emit(out);
  }

  #emit({ topic, type, message }: OutgoingMessage): void {
    this.counters.framesIn++;
    this.frames$.next({ topic, type, message, receivedNs: this.#clock.nowNs(), linkEpoch: 1 });
  }

  send(action: SafeAction): SentCommand {
    const sentNs = this.#clock.nowNs();
    this.#world.receive(this.#encoder.encode(action).message as EquilibriumCommand);
    this.counters.commandsSent++;
    return { sent: true, refused: null, epoch: action.epoch, seq: action.seq, sentNs };
  }

  async call(service: string, _type: string, _args: unknown, _timeoutMs: number): Promise<unknown> {
    const { task } = this.#world;
    if (service === task.reset_service) this.#world.reset(this.#seed++);
    else if (service === task.release_service) this.#world.release();
    else
      throw new ReflexArcError('RA_SERVICE_FAILED', {
        seen: `service ${service}`,
        allowed: `${task.reset_service} or ${task.release_service}`,
      });
    return { success: true, message: `episode ${this.#world.episode().episode}` };
  }

  async close(): Promise<void> {
    this.link$.next({ up: false, epoch: 1, atNs: this.#clock.nowNs(), reason: 'closed by us' });
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
