/**
 * Corner of the reference, rad/s: it lags by 2/60 s, the least that UR's `servoj` looks ahead by (0.03 to 0.2 s).
 */
const CORNER = 60;

/**
 * The way between position setpoints, on the robot's own clock: a critically damped reference of second order, d̈ = ω²·(goal − d)
 * − 2ω·ḋ, which does not overshoot a goal at rest. A robot that is streamed positions has such a one, for they come when they come.
 */
export class JointReference {
  /** rad, rad/s and rad/s². */
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  readonly acceleration: Float64Array;
  readonly #goal: Float64Array;

  constructor(joints: number) {
    this.position = new Float64Array(joints);
    this.velocity = new Float64Array(joints);
    this.acceleration = new Float64Array(joints);
    this.#goal = new Float64Array(joints);
  }

  /** At rest at `position`, rad. */
  reset(position: Float64Array): void {
    this.position.set(position);
    this.velocity.fill(0);
    this.acceleration.fill(0);
    this.#goal.set(position);
  }

  /** From now on: towards `position`, rad. */
  follow(position: Float64Array): void {
    this.#goal.set(position);
  }

  /** `dt`: s, small beside 1/ω. */
  step(dt: number): void {
    for (let j = 0; j < this.#goal.length; j++) {
      const a = CORNER ** 2 * (this.#goal[j]! - this.position[j]!) - 2 * CORNER * this.velocity[j]!;
      this.acceleration[j] = a;
      this.velocity[j] = this.velocity[j]! + a * dt;
      this.position[j] = this.position[j]! + this.velocity[j]! * dt;
    }
  }
}
