import { it, type TestOptions } from 'vitest';

/** How far from the robot a scenario is shown: the gate alone, with what is before or behind it, or whole processes. */
export type Layer = 'config' | 'gate' | 'messages' | 'bridge' | 'receiver' | 'process';

/** What a scenario came to. */
export interface Shown {
  /** Mode and cause reached, or what was refused: no number in it that another run would not give. */
  outcome: string;
  /** ms from the fault to the first command that is not the policy's, or to the held robot. None: nothing had to stop. */
  toSafeMs?: number;
  /** `toSafeMs` is of the clock on the wall; of the virtual one else. */
  real?: boolean;
  /** How often it was shown again before it came to this; set by the reporter. */
  retries?: number;
  /** It could not be played here: `outcome` says what is missing, and nothing is held against the README. */
  unplayed?: boolean;
}

/** A row of the table in controllers/safety/README.md, left in the test's meta for the reporter (table.ts). */
export interface Row extends Shown {
  number: number;
  title: string;
  layer: Layer;
}

/** Of scenarios on real processes: a busy machine may trip another rule first; then it is shown again, twice at most. */
export const AGAIN: TestOptions = { retry: 2 };

export interface ScenarioOptions extends TestOptions {
  /** What this machine lacks to play it, in words after "needs"; empty where it lacks nothing. */
  lacks?: () => string;
}

/**
 * A numbered fault scenario as a test. The number is the one that the README's table, and the rules' docstrings, use.
 */
export function scenario(
  number: number,
  title: string,
  layer: Layer,
  run: () => Shown | Promise<Shown>,
  { lacks = () => '', ...options }: ScenarioOptions = {},
): void {
  it(`scenario ${number}: ${title}`, options, async ({ task, skip }) => {
    const leave = (shown: Shown) => {
      (task.meta as { row?: Row }).row = { number, title, layer, ...shown };
    };
    const lacking = lacks();
    if (lacking !== '') {
      leave({ outcome: `not played here: needs ${lacking}`, unplayed: true });
      skip(`needs ${lacking}`);
    }
    leave(await run());
  });
}
