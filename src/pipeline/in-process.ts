import { NEVER, Subject } from 'rxjs';
import type { EpisodeStatus } from '../../bridges/messages/messages.ts';
import { MujocoBridge } from '../../bridges/mujoco/bridge.ts';
import type { PegWorld } from '../../bridges/mujoco/world.ts';
import { RecedingHorizon } from '../../controllers/chunks/receding-horizon.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { Gate, type TickRecord } from '../../controllers/safety/gate.ts';
import type { Guard } from '../../controllers/safety/guard.ts';
import type { BasePolicy, ResidualPolicy, RiskCritic } from '../../policies/policy.ts';
import { NS_PER_S, VirtualClock } from '../core/clock.ts';
import type { RunConfig, TaskConfig } from '../core/config-schema.ts';
import type { LadderTransition, Mode, SafeAction, Takeover } from '../core/signals.ts';
import { worldOf } from '../core/task-world.ts';
import { Decider } from './decide.ts';
import { compileObservation } from './observation/compile.ts';
import { type Decided, decisions, ticks } from './pipeline.ts';

export interface InProcessParts {
  config: RunConfig;
  world: PegWorld;
  base: BasePolicy;
  residual: ResidualPolicy;
  critic: RiskCritic;
  /** Overrides the config's; 0 is the base alone. */
  residualScale?: number;
  /** Looks ahead. Its time is the virtual clock's, which stands still in a tick: it is never late, and the bits repeat. */
  guard?: Guard;
}

const DONE: readonly Mode[] = ['STOPPED', 'ESTOP', 'FAULT'];

/**
 * Both halves of the pipeline in one process under a virtual clock, on the in-process world: for tests, training,
 * evaluation and replay. The same stages as the daemon; only bridge and clock differ. No sockets, no timers: time moves
 * when `step` is called, so a seed gives the same bits every time.
 */
export class InProcessRun {
  readonly gate: Gate;
  readonly bridge: MujocoBridge;
  readonly clock: VirtualClock;
  /** Every decision. Reused objects: copy what you keep. */
  readonly decided$ = new Subject<Decided>();
  /** Every tick. Reused object: copy what you keep. */
  readonly ticked$ = new Subject<TickRecord>();
  /** Every action that was sent. Reused object: copy what you keep. */
  readonly sent$ = new Subject<SafeAction>();
  /** A person in the policy's place: what is put in here goes to the gate. */
  readonly takeovers$ = new Subject<Takeover>();
  readonly transitions: LadderTransition[] = [];
  readonly #world: PegWorld;
  readonly #task: TaskConfig;
  /** After so long, states and decisions fall together as before. */
  readonly #cycleNs: number;
  /** State periods that the present episode may still last. */
  #left = 0;

  constructor(parts: InProcessParts) {
    const { config, world, base, residual, critic } = parts;
    this.#world = world;
    this.#task = config.task;
    this.#cycleNs = cycleNs(world.periodNs, config.task.decision_hz);
    this.clock = new VirtualClock(world.timeNs);
    const kinematics = commandInterface(config.robot);
    this.bridge = new MujocoBridge(world, kinematics.codec, this.clock, config.seed);
    this.gate = new Gate({
      safety: config.safety,
      robot: config.robot,
      interface: kinematics,
      critic,
      // Newer than any epoch that this world has heard of.
      epochBase: world.status().epoch + 1,
      onTransition: (t) => this.transitions.push(t),
      lookahead: parts.guard && { guard: parts.guard, clock: this.clock, budgetUs: 0 },
    });
    const decider = new Decider({
      base,
      residual,
      executor: new RecedingHorizon(base.actionSize, base.horizon, config.policies.base.execute_steps),
      residualScale: parts.residualScale ?? config.policies.residual.scale,
      lifetimeNs: config.safety.decision_age_ms * 1e6,
    });
    const decisions$ = new Subject<Decided['decision']>();
    const frames$ = this.bridge.frames$;
    // The brain half subscribes first: its decision is there when the reflex half ticks on the same state.
    decisions(frames$, {
      robot: config.robot,
      task: config.task,
      observer: compileObservation(config.robot, config.task),
      decider,
      epoch: () => this.gate.epoch,
    }).subscribe((d) => {
      this.decided$.next(d);
      decisions$.next(d.decision);
    });
    ticks(
      { frames$, decisions$, takeovers$: this.takeovers$, link$: this.bridge.link$, timer$: NEVER },
      {
        robot: config.robot,
        task: config.task,
        gate: this.gate,
        codec: kinematics.codec,
        clock: this.clock,
        send: (action) => {
          this.sent$.next(action);
          return this.bridge.send(action);
        },
      },
    ).subscribe((record) => this.ticked$.next(record));
    void this.bridge.open();
    this.gate.boot(this.clock.nowNs());
  }

  /** One state period: physics, then state, decision when due, tick, command. */
  step(): void {
    this.#left--;
    this.bridge.step();
  }

  /**
   * One whole episode with the operator's part played: reset the world, arm, engage, run to its end, disengage, stop,
   * reset the ladder. Returns the task's own score and how the ladder ended.
   * @param place puts the world to the start; without it, it is reset by the seed
   */
  episode(seed: number, place?: () => void): { episode: EpisodeStatus; ended: string } {
    this.begin(seed, place);
    while (this.running) this.step();
    const episode = this.#world.episode();
    const ended = this.ended;
    this.finish(seed);
    return { episode, ended };
  }

  /**
   * The operator's part before an episode: reset the world, arm, engage. Then `step` while `running`. It begins at the same
   * place of the decision period whatever was played before, so that a seed is the same episode in any order.
   */
  begin(seed: number, place = () => this.#world.reset(seed)): void {
    this.#toDisarmed(seed);
    while (this.#world.timeNs % this.#cycleNs !== 0) this.step();
    place();
    for (let i = 0; i < 5; i++) this.step();
    this.#ask('arm');
    this.step();
    this.#ask('engage');
    // The world counts only the time in which its receiver follows: a bound for a gate that never lets it.
    this.#left = 2 * Math.ceil((this.#task.horizon_steps / this.#task.decision_hz) * worldOf(this.#task).state_hz);
  }

  /** The task goes on, the ladder has not stopped, and there is time. */
  get running(): boolean {
    return this.#left > 0 && !this.#world.ended && !DONE.includes(this.gate.mode);
  }

  /** How the episode ended: the task's word, or the cause of the ladder's stop. */
  get ended(): string {
    const { phase } = this.#world.episode();
    return phase === 'running' ? this.gate.cause : phase;
  }

  /** The operator's part after an episode: disengage, wait for rest, reset the ladder. */
  finish(seed: number): void {
    this.gate.request({ kind: 'disengage' }, this.clock.nowNs());
    this.#toDisarmed(seed);
  }

  #toDisarmed(seed: number): void {
    for (let i = 0; this.gate.mode !== 'DISARMED'; i++) {
      if (i > 1000) throw new Error(`the ladder stays in ${this.gate.mode}: ${this.gate.cause}`);
      this.step();
      if (!DONE.includes(this.gate.mode)) continue;
      this.gate.request({ kind: 'reset', incident: this.gate.incident }, this.clock.nowNs());
      // Where it stopped may be what stopped it (outside the workspace): the operator brings the arm home.
      if (i % 100 === 99) this.#world.reset(seed);
    }
  }

  #ask(kind: 'arm' | 'engage'): void {
    const { accepted, reason } = this.gate.request({ kind }, this.clock.nowNs());
    if (!accepted) throw new Error(`${kind} refused: ${reason}`);
  }
}

/** Longest cycle that is waited for, states: rates without a common cycle begin anywhere. */
const LONGEST_CYCLE = 1000;

/** The least whole number of state periods that is a whole number of decision periods, ns. */
function cycleNs(periodNs: number, decisionHz: number): number {
  // Decisions in one state period are `share` of 1e9.
  const share = periodNs * decisionHz;
  let [x, y] = [NS_PER_S, share];
  while (y >= 1) [x, y] = [y, x % y];
  const states = NS_PER_S / x;
  return states <= LONGEST_CYCLE ? states * periodNs : periodNs;
}
