import type { EquilibriumCommand } from '../../../bridges/messages/messages.ts';
import { MonotonicClock } from '../../core/clock.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import type { LadderTransition, RobotState } from '../../core/signals.ts';
import { StandInBrain } from './brain.ts';
import { ReflexUnderTest, startOfTask, stateMessages, targetMessage } from './reflex.ts';

const HEIGHT = 0.15;

/**
 * A reflex process at work: states at the control rate from a robot that is where it was told to be, decisions of a
 * stand-in brain, and an operator who brings it back to ACTIVE after every stop.
 */
export class ArmedReflex {
  readonly brain: StandInBrain;
  readonly reflex: ReflexUnderTest;
  /** Newest transition into STOPPING since `engage`. */
  stopped: LadderTransition | null = null;
  /** Told of each command at the robot. */
  onCommand: (command: EquilibriumCommand) => void = () => {};
  readonly #config: RunConfig;
  readonly #clock: MonotonicClock;
  readonly #state: RobotState;
  readonly #target: Float64Array;
  #feed: NodeJS.Timeout | null = null;

  private constructor(config: RunConfig, reflex: ReflexUnderTest, start: Awaited<ReturnType<typeof startOfTask>>) {
    this.#config = config;
    this.reflex = reflex;
    this.#clock = new MonotonicClock();
    this.#state = start.state;
    this.#target = start.target;
    this.#state.wrench.fill(0);
    // In free space: the critic has nothing to say here.
    const [x, y, z] = this.#target as unknown as [number, number, number];
    this.#state.pose.set([x, y, z + HEIGHT]);
    this.brain = new StandInBrain(reflex.path, this.#clock, config, () => reflex.operator.status$.value?.epoch ?? 0);
    reflex.operator.transitions$.subscribe((t) => {
      if (t.to === 'STOPPING') this.stopped = t;
    });
    reflex.onCommand = (command) => {
      const { position: p, orientation: q } = command.pose;
      this.#state.pose.set([p.x, p.y, p.z, q.x, q.y, q.z, q.w]);
      this.onCommand(command);
    };
  }

  /** What only bringing it back takes is shortened: the ramp of engaging, and how long it must be at rest. */
  static async start(config: RunConfig): Promise<ArmedReflex> {
    const safety = { ...config.safety, engage_ramp_ms: 20, stop_dwell_ms: 20 };
    const quick: RunConfig = { ...config, safety };
    // The physics first: a robot that loads it while the reflex pings would be a dead link.
    const begin = await startOfTask(config);
    return new ArmedReflex(quick, await ReflexUnderTest.start(quick), begin);
  }

  /** A state of this moment; `fx` is the force in x, N, for a fault of its own. */
  sense(fx = 0): void {
    this.#state.wrench[0] = fx;
    const nowNs = this.#clock.nowNs();
    this.reflex.publish(stateMessages(this.#config, this.#state, nowNs));
    // With every state, so that a link that is new knows it too.
    this.reflex.publish([targetMessage(this.#config, this.#target, nowNs)]);
    this.#state.wrench[0] = 0;
  }

  /** From wherever it is to ACTIVE, however often a busy machine stops it on the way. @throws Error when it stays away */
  async engage(): Promise<void> {
    const { reflex } = this;
    // A transition is told before the status that shows it.
    await reflex.until('leave ACTIVE', () => this.stopped === null || reflex.mode !== 'ACTIVE');
    await reflex.until('come back to the robot', () => reflex.connected);
    this.#feed ??= setInterval(() => this.sense(), 1000 / this.#config.safety.control_hz);
    await this.brain.start();
    this.stopped = null;
    await reflex.climb(['reset', 'arm', 'engage'], 'ACTIVE');
    this.stopped = null;
  }

  /** The robot's end of the link goes silent: no states, no answers, the connection stays open. */
  fallSilent(): void {
    if (this.#feed !== null) clearInterval(this.#feed);
    this.#feed = null;
    this.reflex.fallSilent();
  }

  async close(): Promise<void> {
    if (this.#feed !== null) clearInterval(this.#feed);
    this.brain.die();
    await this.reflex.close();
  }
}
