/** How far simulation and log are apart in one state. */
export interface Apart {
  /** |difference|, rad, one a joint. */
  readonly joints: Float64Array;
  /** Of the tip, m and rad. */
  readonly tip: number;
  readonly turn: number;
  /** Of the external force, N. */
  readonly force: number;
}

/** Root mean square, and largest. */
export interface Deviation {
  rms: number;
  max: number;
}

export interface Parted {
  /** States that were compared. */
  states: number;
  joints: Deviation[];
  tip_m: Deviation;
  tip_rad: Deviation;
  force_n: Deviation;
}

/** At one time of the episodes: root mean squares over those that last so long. */
export interface PartedAt {
  at: number | 'end';
  episodes: number;
  joint_rad: number;
  tip_m: number;
  tip_rad: number;
}

/** s since an episode's start. */
const MARKS = [1, 5, 10] as const;

class Sum {
  #squares = 0;
  #max = 0;
  #n = 0;

  add(v: number): void {
    this.#squares += v * v;
    // A NaN stays: what cannot be said is no zero.
    if (v > this.#max || Number.isNaN(v)) this.#max = v;
    this.#n++;
  }

  get error(): Deviation {
    return { rms: this.rms, max: this.#max };
  }

  get rms(): number {
    return this.#n === 0 ? 0 : Math.sqrt(this.#squares / this.#n);
  }
}

/** Adds up how simulation and log part, over states and over the time of episodes. */
export class Parting {
  #states = 0;
  readonly #joints: Sum[];
  readonly #tip = new Sum();
  readonly #turn = new Sum();
  readonly #force = new Sum();
  readonly #marks = [...MARKS, 'end' as const].map((at) => ({
    ...{ at, episodes: 0, joint: new Sum(), tip: new Sum(), turn: new Sum() },
  }));
  #passed = 0;
  #last: Apart | null = null;

  constructor(joints: number) {
    this.#joints = Array.from({ length: joints }, () => new Sum());
  }

  begin(): void {
    this.#passed = 0;
    this.#last = null;
  }

  /** `sinceS`: since the episode's start, growing. What is given is read at once, `joints` at `end` again. */
  take(sinceS: number, apart: Apart): void {
    this.#states++;
    for (const [j, sum] of this.#joints.entries()) sum.add(apart.joints[j]!);
    this.#tip.add(apart.tip);
    this.#turn.add(apart.turn);
    this.#force.add(apart.force);
    while (this.#passed < MARKS.length && sinceS >= MARKS[this.#passed]!) this.#mark(this.#passed++, apart);
    this.#last = apart;
  }

  end(): void {
    if (this.#last !== null) this.#mark(MARKS.length, this.#last);
  }

  #mark(n: number, { joints, tip, turn }: Apart): void {
    const mark = this.#marks[n]!;
    mark.episodes++;
    mark.joint.add(Math.max(...joints));
    mark.tip.add(tip);
    mark.turn.add(turn);
  }

  get parted(): Parted {
    return {
      states: this.#states,
      joints: this.#joints.map((sum) => sum.error),
      ...{ tip_m: this.#tip.error, tip_rad: this.#turn.error, force_n: this.#force.error },
    };
  }

  /** Only the times that an episode reached. */
  get at(): PartedAt[] {
    return this.#marks
      .filter(({ episodes }) => episodes > 0)
      .map(({ at, episodes, joint, tip, turn }) => ({
        ...{ at, episodes, joint_rad: joint.rms, tip_m: tip.rms, tip_rad: turn.rms },
      }));
  }
}
