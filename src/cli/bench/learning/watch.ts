import { LiveLine, type TextStream } from '../../output.ts';
import { Pace, type Progress, progressLine } from '../../training.ts';

/** A training was ended early by a person: what was to be kept of it is saved. */
export class EndedEarly extends Error {}

/**
 * The person beside the learning bench: a live line of the trainings that go on now, each with its losses, pace and time left; and Ctrl-C, which
 * ends them after the step that they are in and saves (the second ends the process).
 */
export class Watch {
  readonly #live: LiveLine;
  readonly #abort = new AbortController();
  readonly #going = new Map<string, { pace: Pace; text: string }>();
  readonly #onSignal = () => this.end();

  constructor(stream: TextStream = process.stderr) {
    this.#live = new LiveLine(stream);
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** As Ctrl-C does. */
  end(): void {
    if (this.signal.aborted) process.exit(1);
    this.#abort.abort();
    this.#live.line('ending early; what is kept in --out is saved (Ctrl-C again ends at once)');
  }

  /** @throws EndedEarly when it is over: nothing new is begun */
  begin(name: string): void {
    if (this.signal.aborted) throw new EndedEarly(name);
    this.#going.set(name, { pace: new Pace(), text: '' });
  }

  progress(name: string, progress: Progress): void {
    const one = this.#going.get(name);
    if (one === undefined) return;
    one.text = progressLine(progress, one.pace.of(progress));
    this.#live.show([...this.#going].map(([of, { text }]) => `${of} ${text}`).join(' | '));
  }

  /** It is over; `text` stays. */
  finished(name: string, text = ''): void {
    this.#going.delete(name);
    if (text !== '') this.#live.line(text);
  }

  close(): void {
    this.#live.done();
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }
}
