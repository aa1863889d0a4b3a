import type { CommandCodec, RobotState } from '../../src/core/signals.ts';

/**
 * What an action means on a kind of robot: the one place that knows the layout of action and setpoint.
 *
 * NOTE every method writes into `out` and allocates nothing: they run in the tick.
 */
export interface CommandInterface {
  readonly name: string;
  /** Elements of an action: Cartesian impedance `[dx dy dz k]`, each in [-1, 1]. */
  readonly actionSize: number;
  /** Elements of a setpoint: Cartesian impedance `[x y z qx qy qz qw kt kr]`. */
  readonly setpointSize: number;
  /** The setpoint that holds the robot where it was measured. */
  hold(state: RobotState, out: Float64Array): void;
  /**
   * The setpoint an action aims at, from the setpoint in force when the action was decided. The filter walks towards
   * it tick by tick; no limit is applied here.
   */
  aim(anchor: Float64Array, action: Float64Array, out: Float64Array): void;
  /** Input row of the risk critic for standing in `state` and aiming at `aim`: riskInputSize numbers at `at`. */
  readonly riskInputSize: number;
  riskInput(state: RobotState, target: Float64Array, aim: Float64Array, out: Float64Array, at: number): void;
  readonly codec: CommandCodec;
}
