/**
 * The one trajectory form: what every file is imported to and exported from.
 *
 * A trajectory is a stream of samples. A sample is one vector of numbers on a named channel at a time, in an episode.
 * The contract of a source:
 *
 * - Samples come in the order of the file. Where the file has several channels, they are mixed; each has its own rate.
 * - A channel never changes: the same name has the same entries, in the same order, in every sample of the source.
 * - A sample has one number for each entry. A value that the file does not have (null, an empty cell, a text) or a vector of
 *   another length is no sample: it is left out and told (`Finding`). NaN and infinity are numbers of the file: they are
 *   kept, and told.
 * - Times are the file's, integer nanoseconds. A file that has none (episodes that begin at 0) is laid out one episode
 *   after another; only differences within an episode then mean something.
 * - Units, frames and the meaning of a channel are the file's. Nothing is resampled, scaled or renamed.
 * - A damaged file gives what can be read and then throws RA_LOG_DAMAGED, which names the byte or the row.
 */
export type Samples = AsyncIterable<Sample>;

export interface Channel {
  readonly name: string;
  /** Of each number, e.g. joint names; '0', '1' … where the file does not name them, and '' for a single number. */
  readonly entries: readonly string[];
}

export interface Episode {
  /** As the file numbers it; 0 where it has no episodes. */
  readonly index: number;
  /** What was to be done, in words; '' where the file does not say. */
  readonly task: string;
}

export interface Sample {
  /** The same object for all samples of a channel. */
  readonly channel: Channel;
  /** The same object for all samples of an episode. */
  readonly episode: Episode;
  readonly timeNs: bigint;
  /** [entries] */
  readonly values: Float64Array;
}

/** Something about a file that is not as it should be, and did not stop the import. */
export interface Finding {
  /** Of the first of its kind: a byte, a row, a message. */
  readonly place: string;
  /** Channel, column or topic. */
  readonly of: string;
  readonly why: string;
  /** False: it was left out. */
  readonly kept: boolean;
  /** How often. */
  count: number;
}

/** What was found, each kind once with its first place, so that a bad column of a million rows is one line. */
export class Findings {
  readonly #byKind = new Map<string, Finding>();

  tell(of: string, why: string, kept: boolean, place: string): void {
    const key = `${of}\n${why}`;
    const known = this.#byKind.get(key);
    if (known !== undefined) known.count++;
    else this.#byKind.set(key, { place, of, why, kept, count: 1 });
  }

  get all(): readonly Finding[] {
    return [...this.#byKind.values()];
  }
}

/** Makes the samples of a source as the contract has them. */
export class Sampler {
  readonly #findings: Findings;
  readonly #channels = new Map<string, Channel>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /**
   * Null where the entries are not those of the channel; told. `values` is kept, not copied. `place` is asked only when
   * there is something to tell.
   */
  sample(
    name: string,
    entries: readonly string[],
    values: Float64Array,
    at: { timeNs: bigint; episode: Episode; place: () => string },
  ): Sample | null {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { name, entries: [...entries] };
      this.#channels.set(name, channel);
    }
    if (values.length !== channel.entries.length) {
      this.#findings.tell(
        name,
        `${values.length} numbers where there were ${channel.entries.length}`,
        false,
        at.place(),
      );
      return null;
    }
    if (!channel.entries.every((entry, i) => entry === entries[i])) {
      const why = `entries ${entries.join(', ')} where there were ${channel.entries.join(', ')}`;
      this.#findings.tell(name, why, false, at.place());
      return null;
    }
    const bad = values.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) this.#findings.tell(name, Number.isNaN(values[bad]) ? 'NaN' : 'infinite', true, at.place());
    return { channel, episode: at.episode, timeNs: at.timeNs, values };
  }
}

/** What a source gives until it throws; then `onDamage` has the error, and the stream ends. */
export async function* untilDamage(samples: Samples, onDamage: (error: Error) => void): AsyncGenerator<Sample> {
  const source = samples[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await source.next().catch((error: Error) => {
        onDamage(error);
        return { done: true as const, value: undefined };
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
