import { vectorsOf } from './flatten.ts';
import { type Episode, type Findings, type Sample, Sampler } from './trajectory.ts';

/** A decoded ROS message of a log or a bag. */
export interface TimedMessage {
  readonly topic: string;
  readonly timeNs: bigint;
  readonly message: Record<string, unknown>;
}

/** Makes samples of the messages of a source, one for each vector in a message; channels are `topic` and path. */
export class MessageSampler {
  readonly #sampler: Sampler;
  readonly #findings: Findings;
  readonly #wanted: (topic: string) => boolean;
  readonly #empty = new Set<string>();
  #n = 0;

  constructor(findings: Findings, wanted: (topic: string) => boolean) {
    this.#sampler = new Sampler(findings);
    this.#findings = findings;
    this.#wanted = wanted;
  }

  *samples({ topic, timeNs, message }: TimedMessage, episode: Episode): Generator<Sample> {
    const n = ++this.#n;
    if (!this.#wanted(topic)) return;
    const place = () => `message ${n}`;
    const vectors = vectorsOf(message, (path) =>
      this.#findings.tell(`${topic}${path}`, 'a list of messages', false, place()),
    );
    if (vectors.length === 0 && !this.#empty.has(topic)) {
      this.#empty.add(topic);
      this.#findings.tell(topic, 'no numbers', false, place());
    }
    for (const { path, entries, values } of vectors) {
      const sample = this.#sampler.sample(`${topic}${path}`, entries, values, { timeNs, episode, place });
      if (sample !== null) yield sample;
    }
  }
}
