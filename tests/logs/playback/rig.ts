import type { Timing } from '../../../src/logs/playback/pacer.ts';

/** Time that passes only while somebody waits. */
export class FakeTiming implements Timing {
  ms = 0;
  /** Every wait, ms. */
  readonly waits: number[] = [];
  nowNs(): number {
    return this.ms * 1e6;
  }
  async sleep(ms: number): Promise<void> {
    this.waits.push(ms);
    this.ms += ms;
  }
}

/** A ROS graph that writes down what is said, and when. */
export class FakeGraph {
  readonly advertised: string[] = [];
  readonly said: { ms: number; topic: string; message: Record<string, unknown>; latch: boolean }[] = [];
  readonly #timing: FakeTiming;
  /** Called after each message. */
  onSaid: (topic: string) => void = () => {};

  constructor(timing: FakeTiming) {
    this.#timing = timing;
  }
  advertise(topic: string, type: string): void {
    this.advertised.push(`${topic} ${type}`);
  }
  publish(topic: string, _type: string, message: unknown, { latch = false }: { latch?: boolean } = {}): void {
    this.said.push({ ms: this.#timing.ms, topic, message: message as Record<string, unknown>, latch });
    this.onSaid(topic);
  }
  of(topic: string) {
    return this.said.filter((one) => one.topic === topic);
  }
}
