import { PegWorld } from '../../../bridges/mujoco/world.ts';
import { cartesianAction } from '../../../controllers/interfaces/cartesian-impedance.ts';
import type { TickRecord } from '../../../controllers/safety/gate.ts';
import { isEngaged } from '../../../controllers/safety/ladder.ts';
import { createBase } from '../../../policies/base/registry.ts';
import { createCritic } from '../../../policies/critic/registry.ts';
import type { BasePolicy, ResidualPolicy, RiskCritic } from '../../../policies/policy.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { clamp } from '../../core/geometry.ts';
import { worldOf } from '../../core/task-world.ts';
import { InProcessRun } from '../../pipeline/in-process.ts';
import { compileObservation } from '../../pipeline/observation/compile.ts';
import type { Decided } from '../../pipeline/pipeline.ts';
import type { Agent, Environment, EpisodeResult, Intervention, Transition } from '../environment.ts';
import type { Reward, RewardSource } from '../rewards/reward.ts';
import { successReward } from '../rewards/success.ts';

/** A setpoint this near to its aim has reached it, m; and N/m for the stiffness. */
const REACHED = 1e-9;

export interface PegOptions {
  /** The frozen base; the config's without it. */
  base?: BasePolicy;
  /** The critic in the gate; the config's without it. */
  critic?: RiskCritic;
  /**
   * How far the agent's action may be from the base's, per element. Without it, the residual bound of the config; 2 is all
   * of it, for an agent that needs no base.
   */
  authority?: number;
  /** False: the gate's answer to force is moved out of the way, to see what it is worth. Everything else of it stays. */
  forceRules?: boolean;
  /** An episode ends at its first violation; true without it. */
  endOnViolation?: boolean;
  /**
   * What `executed` says where nobody intervened. `sent`: what really became of the setpoint, which is less than was asked for
   * where it ran into its rate or its reach Δ, e.g. while pressing on. `admitted`: what the gate let the policy ask for; the limits
   * then count as part of the robot, and a learner is told of no action that its policy does not take. `sent` without it.
   */
  executed?: 'sent' | 'admitted';
  /** Where the reward comes from; the task's success without it. Its `done` ends an episode too. */
  reward?: RewardSource;
}

/**
 * Peg in hole, through the same stages and the same gate as the daemon (src/pipeline/in-process.ts).
 *
 * Observation: what the task gives the residual, for the shipped one `[tip − estimated hole, force, torque]`, scaled. Base: the frozen policy's next
 * action. Action `[dx dy dz stiffness]`; the agent proposes the whole of it, and what is further from the base than `authority` is cut.
 *
 * `executed` is the action that takes the setpoint from where it was at the decision to where it had come when the next was made: what
 * was really sent, after the critic's cut, recovery, rate and reach. It is the proposal itself where the setpoint reached its aim. An
 * intervention is what took authority: a cut of the residual, a recovery, a hold, a stop; a rate or reach limit is part of the robot.
 *
 * Reward 1 for success, 0 else, or what `reward` says. Cost 1 in the step that broke a limit of the task (force or workspace). Success, violation and a stop of the gate
 * terminate, for a stopped robot needs a person; time truncates. The last observation is the one that a decision would have been
 * asked about next.
 */
export class PegEnvironment implements Environment {
  readonly name = 'peg';
  readonly observationSize: number;
  readonly actionSize: number;
  readonly baseSize: number;
  readonly horizon: number;
  readonly world: PegWorld;
  readonly run: InProcessRun;
  readonly #config: RunConfig;
  readonly #endOnViolation: boolean;
  readonly #authority: number;
  readonly #admitted: boolean;
  readonly #reward: RewardSource;
  readonly #now: Moment;
  readonly #next: Moment;
  readonly #executed: Float64Array;
  readonly #composed: Float64Array;
  /** Setpoint last sent; and at the decision. */
  readonly #sent: Float64Array;
  readonly #anchor: Float64Array;
  #agent: Agent | null = null;
  /** A decision of the agent waits for what comes of it. */
  #open = false;
  /** The episode's fate is sealed, though the robot may still be braking. */
  #over = false;
  #closed = false;
  #reached = false;
  #intervened: Intervention = 'none';
  #violation = false;
  #told = false;
  /** The reward source has said that it is done. */
  #done = false;
  #failure: unknown = null;
  readonly #score = { steps: 0, return: 0, cost: 0, interventions: 0 };

  private constructor(config: RunConfig, world: PegWorld, options: Required<PegOptions>) {
    this.#config = config;
    this.world = world;
    this.#authority = options.authority;
    this.#endOnViolation = options.endOnViolation;
    this.#admitted = options.executed === 'admitted';
    this.#reward = options.reward;
    this.observationSize = compileObservation(config.robot, config.task).residualSize;
    this.actionSize = options.base.actionSize;
    this.baseSize = options.base.actionSize;
    this.horizon = config.task.horizon_steps;
    const residual: ResidualPolicy = {
      observationSize: this.observationSize,
      actionSize: this.actionSize,
      sha256: '',
      infer: (observation, base, out) => this.#act(observation, base, out),
    };
    const { base, critic } = options;
    this.run = new InProcessRun({ config, world, base, residual, critic, residualScale: 1 });
    const setpointSize = this.run.gate.record.setpoint.length;
    this.#now = moment(this.observationSize, this.actionSize);
    this.#next = moment(this.observationSize, this.actionSize);
    this.#executed = new Float64Array(this.actionSize);
    this.#composed = new Float64Array(this.actionSize);
    this.#sent = new Float64Array(setpointSize);
    this.#anchor = new Float64Array(setpointSize);
    this.run.decided$.subscribe((decided) => this.#decided(decided));
    this.run.ticked$.subscribe((record) => this.#ticked(record));
  }

  /** @throws ReflexArcError as PegWorld.load does, and for weights that are not the pinned ones */
  static async load(config: RunConfig, options: PegOptions = {}): Promise<PegEnvironment> {
    const { authority = config.safety.residual_bound, forceRules = true } = options;
    const { endOnViolation = true, executed = 'sent', reward = successReward() } = options;
    const own = structuredClone(config);
    own.safety.residual_bound = authority;
    if (!forceRules) withoutForceRules(own);
    const { base = createBase(config.policies.base), critic = createCritic(config.policies.critic) } = options;
    const world = await PegWorld.load(own.robot, own.task, worldOf(own.task).model);
    return new PegEnvironment(own, world, { base, critic, authority, forceRules, endOnViolation, executed, reward });
  }

  episode(seed: number, agent: Agent): EpisodeResult {
    this.#agent = agent;
    this.#open = false;
    this.#over = false;
    this.#closed = false;
    this.#told = false;
    this.#done = false;
    Object.assign(this.#score, { steps: 0, return: 0, cost: 0, interventions: 0 });
    try {
      this.run.begin(seed);
      // The robot may have had to go on for a moment in the world of the last episode, with the violation that ended that one.
      this.#violation = false;
      while (this.run.running && !this.#done && !(this.#endOnViolation && this.#violation)) this.#step();
      const { success, violation } = this.world.episode();
      const own = this.#done ? 'done' : this.run.ended;
      const ended = !success && violation && this.#endOnViolation ? 'violation' : own;
      this.#violation = violation;
      this.#over = true;
      // The observation after the end is that of the next decision, which nobody is asked for.
      while (this.#open && !this.#closed) this.#step();
      if (this.#open) this.#emit(this.#rewarded(success).reward, ended !== 'timeout', ended === 'timeout');
      this.#raise();
      return { seed, ...this.#score, success, violation, ended };
    } finally {
      this.#agent = null;
      this.run.finish(seed);
    }
  }

  dispose(): void {
    this.world.dispose();
  }

  #step(): void {
    this.run.step();
    this.#raise();
  }

  /** Throws what the agent threw: through the pipeline's streams it may not travel, for they would end. */
  #raise(): void {
    if (this.#failure === null) return;
    const failure = this.#failure;
    this.#failure = null;
    throw failure;
  }

  /** The residual that the pipeline asks for: the agent's action less the base. */
  #act(observation: Float64Array, base: Float64Array, out: Float64Array): void {
    out.fill(0);
    if (this.#agent === null || !isEngaged(this.run.gate.mode) || this.#isOver()) return;
    const { proposed } = this.#next;
    try {
      proposed.set(base);
      this.#agent.act({ observation, base }, proposed);
    } catch (error) {
      this.#failure ??= error;
      return;
    }
    for (let i = 0; i < out.length; i++) {
      proposed[i] = clamp(proposed[i]!, -1, 1);
      out[i] = clamp(proposed[i]! - base[i]!, -this.#authority, this.#authority);
    }
  }

  #isOver(): boolean {
    const violated = this.#endOnViolation && this.#violation;
    return this.#over || this.world.ended || violated || !isEngaged(this.run.gate.mode);
  }

  /** A decision was made: what came of the one before is known now. */
  #decided({ observation, decision }: Decided): void {
    if (this.#agent === null || !(isEngaged(this.run.gate.mode) || this.#open)) return;
    const over = this.#isOver();
    if (this.#closed || (over && !this.#open)) return;
    this.#next.observation.set(observation.residual);
    this.#next.base.set(decision.base);
    if (over) {
      this.#over = true;
      this.#closed = true;
      return;
    }
    if (this.#open) {
      const { reward, done } = this.#rewarded(false);
      this.#emit(reward, done, false);
      if (done) {
        this.#done = true;
        this.#over = true;
        return;
      }
    } else this.#reward.begin({ observation: this.#next.observation, success: false });
    this.#now.observation.set(this.#next.observation);
    this.#now.base.set(this.#next.base);
    this.#now.proposed.set(this.#next.proposed);
    for (let i = 0; i < this.actionSize; i++) {
      const residual = decision.residual[i]!;
      this.#composed[i] = residual === 0 ? decision.base[i]! : clamp(decision.base[i]! + residual, -1, 1);
    }
    this.#anchor.set(this.#sent);
    this.#open = true;
    this.#reached = false;
    this.#intervened = 'none';
  }

  /** What the reward source makes of the newest observation. It may throw no more than an agent may. */
  #rewarded(success: boolean): Reward {
    try {
      return this.#reward.step({ observation: this.#next.observation, success });
    } catch (error) {
      this.#failure ??= error;
      return { reward: 0, done: true };
    }
  }

  #ticked(record: TickRecord): void {
    if (this.#over || this.#agent === null) return;
    if (record.sent) this.#sent.set(record.setpoint);
    if (!this.#violation) this.#violation = this.world.episode().violation;
    if (!this.#open) return;
    const free = record.source === 'policy' && record.residualFraction === 1;
    if (!free) this.#intervened = record.source === 'takeover' ? 'human' : 'safety';
    this.#reached = free && apart(record.aim, record.setpoint) <= REACHED;
    this.#over = this.#isOver();
  }

  /** Hands the open transition to the agent. */
  #emit(reward: number, terminated: boolean, truncated: boolean): void {
    this.#open = false;
    if (this.#intervened === 'none' && (this.#reached || this.#admitted)) this.#executed.set(this.#composed);
    else cartesianAction(this.#config.robot, this.#anchor, this.#sent, this.#executed);
    const cost = this.#violation && !this.#told ? 1 : 0;
    this.#told ||= this.#violation;
    const s = this.#score;
    s.steps++;
    s.return += reward;
    s.cost += cost;
    if (this.#intervened !== 'none') s.interventions++;
    const transition: Transition = {
      observation: this.#now.observation,
      base: this.#now.base,
      proposed: this.#now.proposed,
      executed: this.#executed,
      reward,
      cost,
      nextObservation: this.#next.observation,
      nextBase: this.#next.base,
      terminated,
      truncated,
      intervened: this.#intervened,
    };
    try {
      this.#agent?.observe?.(transition);
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

/** Moves the gate's answers to force, and its slowness before a touch, out of the way, in place: what the task counts as a violation then happens. */
export function withoutForceRules(config: RunConfig): void {
  delete config.safety.approach;
  config.safety.force_limit = 1000;
  config.safety.force_soft = 999;
}

/** What there was at a decision. */
interface Moment {
  readonly observation: Float64Array;
  readonly base: Float64Array;
  readonly proposed: Float64Array;
}

const moment = (observationSize: number, actionSize: number): Moment => ({
  observation: new Float64Array(observationSize),
  base: new Float64Array(actionSize),
  proposed: new Float64Array(actionSize),
});

/** Largest difference of two setpoints; NaN when one of them is none. */
function apart(a: Float64Array, b: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
