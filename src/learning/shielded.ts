/**
 * A task policy that learns under a shield, in one file: SAC, a risk critic that was prepared offline, a recovery policy, and the shield's
 * mode between them and the task (Recovery RL's experiment; with `reflex`, Bresa's).
 *
 *   before: `pretraining` updates of critic and recovery on offline data
 *   each step: what was executed goes to the risk critic; what was *proposed*, where the shield acted, to the task policy
 *
 * In `reflex` the environment runs at control rate and a decision is `ratio` of its steps: the critic learns on those, with
 * γ_fast = γ^(1/ratio), and so does the recovery.
 */
import type { Parts } from './checkpoint.ts';
import type { Agent, Environment, Step, Transition } from './environment.ts';
import { persistentCounters } from './learner.ts';
import { RECOVERY_DEFAULTS, RecoveryLearner } from './recovery.ts';
import { fastDiscount, RISK_CRITIC_DEFAULTS, RiskCriticLearner } from './risk-critic.ts';
import { Sac, type SacOptions } from './sac.ts';
import { AtDecisionRate, type ShieldMode, SwitchableShield } from './shield.ts';

export interface ShieldedOptions {
  mode: ShieldMode;
  seed: number;
  /** Steps of the environment in one decision; 1 but for `reflex`. */
  ratio: number;
  /** ε: risk above which the shield acts; and γ of the risk, for each decision. */
  threshold: number;
  gamma: number;
  hidden: readonly number[];
  batch: number;
  riskRate: number;
  /** Updates on the offline data, before the first step. */
  pretraining: number;
  sac: SacOptions;
}

export class Shielded {
  readonly shield: SwitchableShield;
  readonly agent: Agent;
  readonly task: Sac;
  readonly critic: RiskCriticLearner;
  readonly recovery: RecoveryLearner;
  #steps = 0;
  readonly #policy = (step: Step, out: Float64Array): void => this.task.act(step, out);

  constructor(
    environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>,
    offline: readonly Transition[],
    options: ShieldedOptions,
  ) {
    const { mode, seed, ratio, threshold, hidden, batch, riskRate: rate, pretraining } = options;
    const gamma = fastDiscount(options.gamma, ratio);
    this.task = new Sac(environment, { ...options.sac, seed });
    this.critic = new RiskCriticLearner(environment, { ...RISK_CRITIC_DEFAULTS, seed, hidden, batch, rate, gamma });
    this.recovery = new RecoveryLearner(environment, this.critic, { ...RECOVERY_DEFAULTS, seed, hidden, batch, rate });
    this.shield = new SwitchableShield(mode, {
      ...{ actionSize: environment.actionSize, threshold },
      risks: (observation, actions, count, out) => this.critic.risks(observation, actions, count, out),
      draw: this.#policy,
      recover: (observation, out) => this.recovery.act(observation, out),
    });
    const guarded = mode !== 'off';
    this.agent = new AtDecisionRate(this.task, ratio, {
      onDecision: () => this.shield.decide(),
      onStep: (transition) => {
        if (!guarded) return;
        this.critic.observe(transition);
        // One update for each decision, whatever the ratio.
        if (++this.#steps % ratio === 0) this.#learn();
      },
    });
    if (!guarded) return;
    for (const transition of offline) this.critic.observe(transition);
    for (let u = 0; u < pretraining; u++) this.#learn();
  }

  /** All that has to be kept to go on with the same bits, between two episodes. */
  parts(): Parts {
    const { counters } = this.shield;
    return {
      ...this.task.parts(),
      ...this.critic.parts('risk'),
      ...this.recovery.parts('recovery'),
      shield: persistentCounters(
        () => ({ ...counters, steps: this.#steps, loss: this.critic.loss, risk: this.recovery.risk }),
        ({ steps, loss, risk, ...counted }) => {
          this.#steps = steps as number;
          // JSON has no NaN.
          this.critic.loss = (loss as number | null) ?? Number.NaN;
          this.recovery.risk = (risk as number | null) ?? Number.NaN;
          Object.assign(counters, counted);
        },
      ),
    };
  }

  #learn(): void {
    this.critic.learn(this.#policy);
    if (this.shield.mode === 'recover' || this.shield.mode === 'reflex') this.recovery.learn();
  }
}
