import type { ImageConfig } from '../../../core/observation-schema.ts';
import type { ObservedImage, SensorFrame } from '../../../core/signals.ts';
import { stampOf } from '../../assemble.ts';
import type { ImageSource } from '../mapping.ts';
import type { Decode } from './decode.ts';

/**
 * The newest image of a topic. One is decoded at a time, off the hot path; of those that come meanwhile the newest waits
 * and the others are dropped and counted. An image that cannot be decoded is missing: an older good one does not stand in.
 */
export class ImageSlot implements ImageSource {
  readonly name: string;
  readonly counters = { decoded: 0, dropped: 0, failed: 0 };
  readonly #topic: string;
  readonly #decode: Decode;
  readonly #maxAgeNs: number;
  readonly #image: { -readonly [K in keyof ObservedImage]: ObservedImage[K] };
  /** Empty when `#image` holds the newest; otherwise why not. */
  #fault: string;
  #waiting: SensorFrame | null = null;
  #decoding = false;
  #linkEpoch = Number.NaN;

  constructor(config: ImageConfig, decode: Decode, maxAgeNs: number) {
    this.name = config.name;
    this.#topic = config.topic;
    this.#decode = decode;
    this.#maxAgeNs = maxAgeNs;
    const { name, width, height, channels } = config;
    this.#image = { name, width, height, channels, data: new Uint8Array(0), stampNs: 0, receivedNs: 0 };
    this.#fault = `nothing came on ${config.topic}`;
  }

  accept(frame: SensorFrame): void {
    if (frame.linkEpoch !== this.#linkEpoch) {
      this.#linkEpoch = frame.linkEpoch;
      this.#fault = `nothing came on ${this.#topic}`;
    }
    if (this.#decoding) {
      if (this.#waiting !== null) this.counters.dropped++;
      this.#waiting = frame;
    } else this.#start(frame);
  }

  #start(frame: SensorFrame): void {
    this.#decoding = true;
    this.#decode(frame.message)
      .then(
        (data) => {
          this.counters.decoded++;
          if (frame.linkEpoch !== this.#linkEpoch) return;
          this.#fault = '';
          this.#image.data = data;
          this.#image.stampNs = stampOf(frame.message);
          this.#image.receivedNs = frame.receivedNs;
        },
        (error: unknown) => {
          this.counters.failed++;
          if (frame.linkEpoch === this.#linkEpoch) this.#fault = `the image ${(error as Error).message}`;
        },
      )
      .finally(() => {
        this.#decoding = false;
        const next = this.#waiting;
        this.#waiting = null;
        if (next !== null) this.#start(next);
      });
  }

  /** The newest image, in an object that is reused, or why there is none. */
  read(nowNs: number): ObservedImage | string {
    if (this.#fault !== '') return this.#fault;
    const ageNs = nowNs - this.#image.receivedNs;
    if (ageNs <= this.#maxAgeNs) return this.#image;
    return `the latest on ${this.#topic} is ${Math.round(ageNs / 1e6)} ms old, at most ${this.#maxAgeNs / 1e6} allowed`;
  }
}
