import { clamp } from '../../src/core/geometry.ts';
import type { Source } from '../../src/core/signals.ts';
import type { RiskJudge } from './critic.ts';
import type { Inputs } from './inputs.ts';
import type { LadderState } from './ladder.ts';
import type { CartesianLimits } from './limits.ts';
import type { Output } from './output.ts';
import type { Recovery } from './recovery.ts';
import type { Scales } from './scales.ts';
import type { Setpoints } from './setpoints.ts';

export interface SourceParts {
  readonly limits: CartesianLimits;
  readonly inputs: Inputs;
  readonly setpoints: Setpoints;
  readonly judge: RiskJudge;
  readonly recovery: Recovery;
  readonly output: Output;
  readonly scales: Scales;
}

/** Who may write in which mode (facts/safety.md 4.1), and what it wants. */
export class Sources {
  readonly wish: Float64Array;
  readonly recoveryAim: Float64Array;
  /** How fast the wish may be followed, in [0, 1]. */
  speedScale = 0;
  /** Share of the residual in the wish, operator's scale included. */
  residualFraction = 0;
  readonly #parts: SourceParts;
  #stopWasSent = false;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.wish = new Float64Array(parts.setpoints.last.length);
    this.recoveryAim = new Float64Array(parts.setpoints.last.length);
  }

  /** ESTOP was entered: one stop may go out, then silence. */
  allowOneStop(): void {
    this.#stopWasSent = false;
  }

  /** Chooses by mode and fills `wish`. `none` is silence, the safe output of all other modes. */
  choose(ladder: LadderState, nowNs: number): Source {
    // REAL-TIME: every tick that may write.
    const { setpoints, recovery } = this.#parts;
    this.speedScale = 1;
    this.residualFraction = 0;
    switch (ladder.mode) {
      case 'ACTIVE':
        return this.#policy(1);
      case 'ENGAGING':
        if (ladder.readyNs < 0) break;
        return this.#policy(clamp((nowNs - ladder.readyNs) / ladder.limits.engageRampNs, 0, 1));
      case 'RECOVERY':
        this.speedScale = recovery.options.speedScale;
        this.wish.set(this.recoveryAim);
        this.#keepInside();
        return 'recovery';
      case 'STOPPING':
        return this.#brake(nowNs);
      case 'ESTOP':
        if (this.#stopWasSent) return 'none';
        this.#stopWasSent = true;
        return this.#brake(nowNs);
      case 'HOLD':
      case 'STOPPED':
        break;
      default:
        return 'none';
    }
    this.wish.set(setpoints.hold);
    return 'hold';
  }

  #policy(ramp: number): Source {
    const { judge, scales, setpoints } = this.#parts;
    // Fail closed: a policy that was not judged in this tick, or not by a risk, moves nothing.
    if (judge.invalid || Number.isNaN(judge.riskProposed)) {
      this.speedScale = 0;
      this.wish.set(setpoints.last);
      return 'hold';
    }
    this.speedScale = ramp * scales.speed;
    this.residualFraction = judge.fraction * scales.residual;
    this.wish.set(judge.aim);
    this.#keepInside();
    return 'policy';
  }

  /**
   * No learned wish leaves the pose box. The filter lets a setpoint yield to a robot that is outside already, for hold
   * and brake must not pull on it; a policy that pushes at a wall would walk out by that door, a servo's error a tick.
   */
  #keepInside(): void {
    const { boxMin, boxMax } = this.#parts.limits;
    for (let i = 0; i < 3; i++) {
      const to = this.wish[i]!;
      this.wish[i] = to < boxMin[i]! ? boxMin[i]! : to > boxMax[i]! ? boxMax[i]! : to;
    }
  }

  #brake(nowNs: number): Source {
    const { output, setpoints, inputs } = this.#parts;
    output.brake.step(setpoints.last, inputs.state.pose, setpoints.elapsed(nowNs), this.wish);
    return 'brake';
  }
}
