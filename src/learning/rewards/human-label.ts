import type { Reward, RewardSource } from './reward.ts';

/** What a person said of an episode; `none`: nothing in time, so it is no evidence of either. */
export type Label = 'success' | 'failure' | 'none';

/** Answer of `std_srvs/SetBool`. */
export interface LabelAnswer {
  success: boolean;
  message: string;
}

/**
 * A person says whether it worked, by a service call (`std_srvs/SetBool`; data: it did), while the episode goes on or after it.
 *
 *   said while it goes on: that decision has the reward 1 or 0, and ends the episode
 *   said after it: `label` gives it to whoever waits to store the last transition; the first word counts, until the next episode begins
 */
export class HumanLabel implements RewardSource {
  readonly name = 'human label';
  #label: Label = 'none';
  #told = false;
  #running = false;
  #waiting: ((label: Label) => void) | null = null;

  begin(): void {
    this.#settle('none');
    this.#label = 'none';
    this.#told = false;
    this.#running = true;
  }

  step(): Reward {
    const said = this.#label !== 'none' && !this.#told;
    if (said) this.#told = true;
    return { reward: said && this.#label === 'success' ? 1 : 0, done: said };
  }

  /** The service. A second word, or one before the first episode, is refused with a reason. */
  say(success: boolean): LabelAnswer {
    if (!this.#running) return { success: false, message: 'no episode has begun' };
    if (this.#label !== 'none') return { success: false, message: `this episode is labelled ${this.#label}` };
    this.#label = success ? 'success' : 'failure';
    this.#settle(this.#label);
    return { success: true, message: this.#label };
  }

  /** A handler of `std_srvs/SetBool` for a ROS server. */
  readonly service = (request: unknown): LabelAnswer => {
    const data = (request as { data?: unknown } | null)?.data;
    if (typeof data !== 'boolean') return { success: false, message: 'data is true for success, false for failure' };
    return this.say(data);
  };

  /**
   * The label of the episode that has ended: at once if it was said, else when it is; `none` when `deadline` comes first, or
   * the next episode.
   */
  label(deadline: Promise<unknown>): Promise<Label> {
    if (this.#label !== 'none') return Promise.resolve(this.#label);
    this.#settle('none');
    return new Promise((resolve) => {
      this.#waiting = resolve;
      void deadline.then(() => {
        if (this.#waiting === resolve) this.#settle('none');
      });
    });
  }

  #settle(label: Label): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(label);
  }
}
