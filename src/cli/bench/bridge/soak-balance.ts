/**
 * The bookkeeping of a soak: what was sent over connections that are cut, what came of it, and where the rest is. A connection
 * keeps the order, so that what a cut took is the end of it; what is missing before the last that came was lost by somebody.
 */

/** Of one connection: messages that came, and one more than the highest number among them. */
export type Arrived = readonly [count: number, end: number];

/** Counts what comes, by the connection that it came over and its number there, from 0. */
export class Arrivals {
  /** Twice, after one that was sent later, or over no connection at all. */
  disordered = 0;
  readonly #all: [count: number, end: number][] = [];

  accept(connection: number, number: number): void {
    if (!(connection >= 0 && number >= 0)) {
      this.disordered++;
      return;
    }
    while (this.#all.length <= connection) this.#all.push([0, 0]);
    const arrived = this.#all[connection]!;
    if (number < arrived[1]) {
      this.disordered++;
      return;
    }
    arrived[0]++;
    arrived[1] = number + 1;
  }

  /** By connection. */
  get all(): readonly Arrived[] {
    return this.#all;
  }
}

export interface Balance {
  sent: number;
  came: number;
  /** Sent after the last that came, over connections that then ended. */
  underWay: number;
  /** Neither: they are missing between two that came. */
  missing: number;
  /** Came, and were never sent. */
  unsent: number;
}

/** `sent` and `came` by connection. */
export function balance(sent: readonly number[], came: readonly Arrived[]): Balance {
  const sum: Balance = { sent: 0, came: 0, underWay: 0, missing: 0, unsent: 0 };
  for (let i = 0; i < Math.max(sent.length, came.length); i++) {
    const n = sent[i] ?? 0;
    const [count, end] = came[i] ?? [0, 0];
    sum.sent += n;
    sum.came += count;
    sum.underWay += Math.max(0, n - end);
    sum.missing += end - count;
    sum.unsent += Math.max(0, end - n);
  }
  return sum;
}

/** What became of every state that the robot published. */
export interface States {
  published: number;
  /** Withheld from a listener that had not yet taken the one before. */
  superseded: number;
  /** Published while nobody listened, or only over a wire that was dead. */
  down: number;
  /** Of those that were sent to somebody who listened. */
  over: Balance;
}

/** Whether each has a place, and the equation in words. */
export function stateBalance({ published, superseded, down, over }: States): [boolean, string] {
  const { came, underWay, missing, unsent } = over;
  const without = published - (came + superseded + down + underWay);
  const says =
    `${published} states published = ${came} received + ${superseded} superseded + ${down} while the link was down` +
    ` + ${underWay} under way at a cut${without === 0 ? '' : ` + ${without} UNACCOUNTED FOR`}`;
  return [without === 0 && missing === 0 && unsent === 0, says];
}

/** The same of commands, over the links of the client. */
export function commandBalance({ sent, came, underWay, missing, unsent }: Balance): [boolean, string] {
  const without = sent - came - underWay;
  const says =
    `${sent} commands sent = ${came} received + ${underWay} under way at a cut` +
    `${without === 0 ? '' : ` + ${without} UNACCOUNTED FOR`}`;
  return [without === 0 && missing === 0 && unsent === 0, says];
}
