import { it } from 'vitest';

/** How far from the robot a scenario is shown: the gate alone, with what is before or behind it, or whole processes. */
export type Layer = 'config' | 'gate' | 'messages' | 'bridge' | 'receiver' | 'process';

/** What a scenario came to. */
export interface Shown {
  /** Mode and cause reached, or what was refused: no number in it that another run would not give. */
  outcome: string;
  /** ms from the fault to the first command that is not the policy's, or to the held robot. None: nothing had to stop. */
  toSafeMs?: number;
}

/** A row of the table in controllers/safety/README.md, left in the test's meta for the reporter (table.ts). */
export interface Row extends Shown {
  number: number;
  title: string;
  layer: Layer;
}

/**
 * A numbered fault scenario as a test. The number is the one that the README's table, and the rules' docstrings, use.
 * `real`: the time to safe is by the clock on the wall, and differs from run to run.
 */
export function scenario(
  number: number,
  title: string,
  layer: Layer,
  run: () => Shown | Promise<Shown>,
  timeoutMs?: number,
): void {
  it(
    `scenario ${number}: ${title}`,
    async ({ task }) => {
      const shown = await run();
      (task.meta as { row?: Row }).row = { number, title, layer, ...shown };
    },
    timeoutMs,
  );
}
