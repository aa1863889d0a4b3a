import { clamp } from '../../src/core/geometry.ts';
import type { Source } from '../../src/core/signals.ts';
import type { RiskJudge } from './critic.ts';
import type { Envelope, Situation } from './envelope.ts';
import type { LadderState } from './ladder.ts';
import type { Scales } from './scales.ts';
import type { Setpoints } from './setpoints.ts';

export interface SourceParts {
  readonly envelope: Envelope;
  readonly situation: Situation;
  readonly setpoints: Setpoints;
  readonly judge: RiskJudge;
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
    const { setpoints, envelope } = this.#parts;
    this.speedScale = 1;
    this.residualFraction = 0;
    switch (ladder.mode) {
      case 'ACTIVE':
        return this.#policy(1);
      case 'ENGAGING':
        if (ladder.readyNs < 0) break;
        return this.#policy(clamp((nowNs - ladder.readyNs) / ladder.limits.engageRampNs, 0, 1));
      case 'RECOVERY':
        this.speedScale = envelope.recoverySpeed;
        this.wish.set(this.recoveryAim);
        envelope.confine(this.wish);
        return 'recovery';
      case 'STOPPING':
        return this.#brake();
      case 'ESTOP':
        if (this.#stopWasSent) return 'none';
        this.#stopWasSent = true;
        return this.#brake();
      case 'HOLD':
      case 'STOPPED':
        break;
      default:
        return 'none';
    }
    this.wish.set(setpoints.hold);
    return 'hold';
  }

  /** The policy, or a person in its place: the same way for both, of which each is tagged. */
  #policy(ramp: number): Source {
    const { judge, scales, setpoints, envelope } = this.#parts;
    // Fail closed: a wish that was not judged in this tick, or not by a risk, moves nothing.
    if (judge.invalid || Number.isNaN(judge.riskProposed)) {
      this.speedScale = 0;
      envelope.stay(setpoints.last, this.wish);
      return 'hold';
    }
    this.speedScale = ramp * scales.speed;
    this.residualFraction = judge.source === 'policy' ? judge.fraction * scales.residual : 0;
    this.wish.set(judge.aim);
    envelope.confine(this.wish);
    return judge.source;
  }

  #brake(): Source {
    const { envelope, situation } = this.#parts;
    envelope.brake(situation, this.wish);
    return 'brake';
  }
}
