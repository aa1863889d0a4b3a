/**
 * Joins the fragments of large messages. rosbridge_suite numbers them wrongly in three ways, all measured: `id` is 0 for
 * every message, `total` is a fraction ((length − 1) / size + 1, so 3.725 means 3), and the threads of two topics mix
 * their fragments on one connection. So a message is told from others by `id` together with the exact `total`, and its
 * parts are put in their order by `num`. Bounded in messages, in bytes and in looks without another part; what is given up
 * is said. A part that never comes must not wait for one of a later message of the same size: the whole would be half old.
 */
const MAX_MESSAGES = 16;
const MAX_PARTS = 100_000;

interface Partial {
  readonly parts: (string | undefined)[];
  readonly total: number;
  had: number;
  bytes: number;
  /** Looks since its last part. */
  looks: number;
}

export class Fragments {
  readonly #partials = new Map<string, Partial>();
  readonly #maxBytes: number;
  readonly #onLost: (why: string) => void;
  #bytes = 0;

  constructor(maxBytes: number, onLost: (why: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLost = onLost;
  }

  /** The text of a whole message when this fragment was its last; null while some are missing. */
  join(fragment: { id?: unknown; data?: unknown; num?: unknown; total?: unknown }): string | null {
    const { id, data, num, total: exact } = fragment;
    const total = typeof exact === 'number' ? Math.floor(exact) : Number.NaN;
    if (typeof data !== 'string' || !Number.isInteger(num) || !(total >= 1 && total <= MAX_PARTS)) {
      this.#onLost('a fragment without data, num or total');
      return null;
    }
    const at = num as number;
    if (at < 0 || at >= total) {
      this.#onLost(`fragment ${at} of ${total}`);
      return null;
    }
    const key = `${String(id)}/${String(exact)}`;
    if (this.#partials.get(key)?.parts[at] !== undefined) this.#giveUp(key, `fragment ${at} of ${total} came twice`);
    const partial = this.#partials.get(key) ?? this.#begin(key, total);
    partial.parts[at] = data;
    partial.had++;
    partial.looks = 0;
    partial.bytes += data.length;
    this.#bytes += data.length;
    if (partial.had === total) {
      this.#forget(key);
      return partial.parts.join('');
    }
    this.#keepBounds();
    return null;
  }

  /** To be called at an interval: gives up what has had no part since `patience` looks. */
  look(patience: number): void {
    for (const [key, partial] of this.#partials) {
      if (partial.looks++ < patience) continue;
      this.#giveUp(key, `${partial.had} of ${partial.total} fragments, and then no more`);
    }
  }

  #begin(key: string, total: number): Partial {
    const partial: Partial = { parts: [], total, had: 0, bytes: 0, looks: 0 };
    this.#partials.set(key, partial);
    return partial;
  }

  /** The oldest go first. */
  #keepBounds(): void {
    while (this.#partials.size > MAX_MESSAGES || this.#bytes > this.#maxBytes) {
      const oldest = this.#partials.keys().next().value!;
      const { had, total } = this.#partials.get(oldest)!;
      this.#giveUp(oldest, `${had} of ${total} fragments, and then too much else`);
    }
  }

  #giveUp(key: string, why: string): void {
    this.#forget(key);
    this.#onLost(why);
  }

  #forget(key: string): void {
    this.#bytes -= this.#partials.get(key)!.bytes;
    this.#partials.delete(key);
  }
}
