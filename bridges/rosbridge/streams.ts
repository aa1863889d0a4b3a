import { Silence } from './silence.ts';
import type { Subscription } from './subscription.ts';

/** The age of the data is looked at so many times within the limit. */
export const LOOKS = 8;

/** One topic that was asked for, and how it has been heard since. */
export class Stream {
  readonly subscription: Subscription;
  readonly silence: Silence;
  /** Looks since it was asked for, or asked for anew. */
  looks = 0;
  /** It is silent, and has been said to be. */
  isSilent = false;

  constructor(subscription: Subscription, limitNs: number) {
    this.subscription = subscription;
    this.silence = new Silence(limitNs);
  }
}

export interface StreamsOptions {
  limitNs: number;
  /** One that spoke has ended, or nothing has come since it was asked for. Called once. `silentNs`: 0 for nothing at all. */
  onSilent(stream: Stream, silentNs: number): void;
  /** It speaks again. */
  onBack(stream: Stream): void;
}

/** Asks for it anew: its publisher may have come back with another quality of service, which rosbridge fits only then. */
export type Renew = (subscription: Subscription) => void;

/**
 * The topics of one connection, each judged by itself: a camera that died is not covered by joint states that go on, and a
 * silent camera is no reason to let the joint states go. Looked at from a timer, so that nothing waits on a clock that a
 * simulator may hold.
 */
export class Streams {
  readonly all: readonly Stream[];
  readonly #options: StreamsOptions;
  /** Null while the connection is down: there is nothing to judge. */
  #renew: Renew | null = null;

  constructor(subscriptions: readonly Subscription[], options: StreamsOptions) {
    this.#options = options;
    this.all = subscriptions.map((subscription) => new Stream(subscription, options.limitNs));
  }

  /** All of them have been asked for on a fresh connection. What was silent stays so until it speaks. */
  begin(renew: Renew): void {
    this.#renew = renew;
    for (const stream of this.all) {
      stream.silence.restart();
      stream.looks = 0;
    }
  }

  get up(): boolean {
    return this.#renew !== null;
  }

  /** The connection has ended. */
  end(): void {
    this.#renew = null;
  }

  /** Hot: at each message. */
  heard(stream: Stream, nowNs: number): void {
    stream.silence.heard(nowNs);
    if (!stream.isSilent) return;
    stream.isSilent = false;
    this.#options.onBack(stream);
  }

  /** To be called LOOKS times within the limit. */
  look(nowNs: number): void {
    if (this.#renew === null) return;
    for (const stream of this.all) {
      if (stream.subscription.how.sporadic) continue;
      stream.looks++;
      const { silence } = stream;
      const silentNs = silence.tooLong(nowNs);
      const never = silence.none && stream.looks >= LOOKS;
      if (!stream.isSilent && (silentNs > 0 || never)) {
        stream.isSilent = true;
        stream.looks = LOOKS;
        this.#options.onSilent(stream, silentNs);
      }
      if (!stream.isSilent || stream.looks < LOOKS) continue;
      stream.looks = 0;
      silence.restart();
      this.#renew(stream.subscription);
    }
  }
}
