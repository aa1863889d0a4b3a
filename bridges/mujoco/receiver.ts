import { allFinite } from '../../src/core/geometry.ts';
import type { EquilibriumCommand, Pose, RobotStatus, Stop } from '../messages/messages.ts';

/**
 * The robot side's last word on commands: what a receiver near the robot must do, whoever commands it.
 *
 *  - refuses what is not finite, of the wrong shape, stiffer than the servo stands, of an older epoch, not newer within
 *    its epoch, held or stopped;
 *  - acts on a command for its lease and no longer than the deadman: then it holds, latched, until a command of a newer
 *    epoch or `release`. A refused command never refreshes the deadman;
 *  - a stop holds at once and refuses every command of its epoch and before, until a newer epoch or `release`. A new
 *    episode does not lift it.
 *
 * Pure: time is an argument.
 */
export type Refusal = '' | 'malformed' | 'no lease' | 'too stiff' | 'old epoch' | 'old sequence' | 'held' | 'stopped';

/** The servo is stable far above what anybody commands, and explodes at 50 000 N/m: refused well before. */
const STIFFEST = 5000;
const STIFFEST_ROTATION = 500;
/** How far the norm of a quaternion may be from 1. */
const QUATERNION_TOLERANCE = 1e-3;
const LONGEST_REASON = 200;

export class Receiver {
  /** The setpoint in force, `[x y z qx qy qz qw kt kr]`; meaningful while `holding` is false. */
  readonly setpoint = new Float64Array(9);
  /** True while it holds by its own decision and follows no command. */
  holding = true;
  /** `start`, `deadman` or `stop: …`; empty while it follows. */
  reason = 'start';
  epoch = 0;
  seq = 0;
  accepted = 0;
  refused = 0;
  lastRefusal = '';
  readonly #deadmanNs: number;
  readonly #draft = new Float64Array(9);
  #acceptedNs = Number.NaN;
  #leaseNs = 0;
  /** While it holds: commands of this epoch and before are refused. */
  #heldEpoch = -1;
  #stopped = false;

  constructor(deadmanMs: number) {
    this.#deadmanNs = deadmanMs * 1e6;
  }

  /** Takes or refuses a command; empty when it was taken. Never throws, whatever `command` really is. */
  receive(command: EquilibriumCommand, nowNs: number): Refusal {
    this.watch(nowNs);
    const refusal = this.#judge(command);
    if (refusal !== '') {
      this.refused++;
      this.lastRefusal = refusal;
      return refusal;
    }
    this.setpoint.set(this.#draft);
    this.epoch = command.epoch;
    this.seq = command.seq;
    this.accepted++;
    this.#acceptedNs = nowNs;
    this.#leaseNs = Math.min(command.lease_ms * 1e6, this.#deadmanNs);
    this.holding = false;
    this.reason = '';
    this.#stopped = false;
    return '';
  }

  #judge(c: EquilibriumCommand | null): Refusal {
    if (typeof c !== 'object' || c === null || !readSetpoint(c, this.#draft)) return 'malformed';
    if (!isCount(c.epoch) || !isCount(c.seq) || !Number.isFinite(c.lease_ms)) return 'malformed';
    if (c.lease_ms <= 0) return 'no lease';
    if (this.#draft[7]! > STIFFEST || this.#draft[8]! > STIFFEST_ROTATION) return 'too stiff';
    if (c.epoch < this.epoch) return 'old epoch';
    if (this.accepted > 0 && c.epoch === this.epoch && c.seq <= this.seq) return 'old sequence';
    if (this.holding && c.epoch <= this.#heldEpoch) return this.#stopped ? 'stopped' : 'held';
    return '';
  }

  /** To be called at the servo's rate: lets the deadman act. True when it has just let go. */
  watch(nowNs: number): boolean {
    if (this.holding || nowNs - this.#acceptedNs <= this.#leaseNs) return false;
    this.#hold('deadman', this.epoch);
    return true;
  }

  /** Holds, whatever the message is: a malformed stop stops everything up to the epoch in force. */
  stop(message: Stop): void {
    const { epoch, reason } = (message ?? {}) as Partial<Stop>;
    this.#stopped = true;
    const said = typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : '';
    this.#hold(`stop: ${said}`, isCount(epoch) ? Math.max(epoch, this.epoch) : this.epoch);
  }

  /** A new episode: hold where the robot now stands, until a command of a newer epoch than any before. */
  restart(): void {
    const reason = this.#stopped ? this.reason : 'start';
    this.#hold(reason, this.accepted === 0 ? -1 : this.epoch);
  }

  /** As when it was switched on: it has heard of no epoch. */
  forget(): void {
    this.holding = true;
    this.reason = 'start';
    this.epoch = 0;
    this.seq = 0;
    this.accepted = 0;
    this.refused = 0;
    this.lastRefusal = '';
    this.#acceptedNs = Number.NaN;
    this.#heldEpoch = -1;
    this.#stopped = false;
  }

  /** The person at the robot lets it follow again, whatever the epoch. */
  release(): void {
    this.#heldEpoch = -1;
    this.#stopped = false;
  }

  #hold(reason: string, epoch: number): void {
    // An epoch that was refused stays refused: what holds later never lifts what held before.
    this.#heldEpoch = this.holding ? Math.max(this.#heldEpoch, epoch) : epoch;
    this.holding = true;
    this.reason = reason;
  }

  status(nowNs: number): Omit<RobotStatus, 'header'> {
    return {
      holding: this.holding,
      reason: this.reason,
      epoch: this.epoch,
      seq: this.seq,
      accepted: this.accepted,
      refused: this.refused,
      last_refusal: this.lastRefusal,
      command_age_ms: Number.isNaN(this.#acceptedNs) ? -1 : (nowNs - this.#acceptedNs) / 1e6,
    };
  }
}

const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;

/** False when anything is not a finite number, stiffness is negative, or the quaternion is not of unit length. */
function readSetpoint(c: EquilibriumCommand, out: Float64Array): boolean {
  const { position: p, orientation: q } = (c.pose ?? {}) as Partial<Pose>;
  if (!p || !q) return false;
  const numbers = [p.x, p.y, p.z, q.x, q.y, q.z, q.w, c.stiffness, c.stiffness_rotation];
  if (!allFinite(numbers)) return false;
  out.set(numbers);
  const norm = Math.sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
  return c.stiffness >= 0 && c.stiffness_rotation >= 0 && Math.abs(norm - 1) < QUATERNION_TOLERANCE;
}
