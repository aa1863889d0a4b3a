import { once } from 'node:events';
import { Ros, Topic } from 'roslib';
import { WebSocket } from 'ws';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { AHEAD, paced } from './relay.ts';
import { jointStateText, numberOf, STATES } from './robot.ts';

/** A stock roslib client behind the relay at `url`, and a bare talker before it, for as long as `measure` takes. */
export async function readByRoslib<T>(url: string, measure: (reader: RoslibReader) => Promise<T>): Promise<T> {
  const talker = new WebSocket(url, { perMessageDeflate: false });
  const ros = new Ros({});
  try {
    const connected = once(ros as never, 'connection');
    await Promise.all([ros.connect(url), connected, once(talker, 'open')]);
    talker.send(JSON.stringify({ op: 'advertise', topic: STATES, type: TYPES.jointState }));
    const reader = new RoslibReader(talker, new Topic({ ros, name: STATES, messageType: TYPES.jointState }));
    await reader.ready();
    return await measure(reader);
  } finally {
    ros.close();
    talker.terminate();
  }
}

class RoslibReader {
  readonly #talker: WebSocket;
  #onNumber: (number: number) => void = () => {};

  constructor(talker: WebSocket, topic: Topic) {
    this.#talker = talker;
    topic.subscribe((message) => this.#onNumber(numberOf(message)));
  }

  /** Subscribed, and proved by a message. The number 0 is no state of a measurement. */
  async ready(): Promise<void> {
    let heard = false;
    this.#onNumber = () => {
      heard = true;
    };
    while (!heard) {
      this.#talker.send(jointStateText(0));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Milliseconds from each of `count` states at `hz` to the reader. */
  async pace(hz: number, count: number): Promise<number[]> {
    const sentMs = new Float64Array(count).fill(Number.NaN);
    const ms: number[] = [];
    this.#onNumber = (number) => {
      const at = sentMs[number - 1];
      if (at !== undefined && !Number.isNaN(at)) ms.push(performance.now() - at);
    };
    await paced(hz, count, (number) => {
      const text = jointStateText(number);
      sentMs[number - 1] = performance.now();
      this.#talker.send(text);
    });
    return ms;
  }

  /** Milliseconds until `count` states have come, as fast as they are read. */
  async flood(count: number): Promise<number> {
    const text = Buffer.from(jointStateText(1));
    const begin = performance.now();
    await new Promise<void>((resolve) => {
      let [sent, had] = [0, 0];
      const send = () => {
        for (; sent < count && sent - had < AHEAD; sent++) this.#talker.send(text, { binary: false });
      };
      this.#onNumber = (number) => {
        if (number !== 1) return;
        if (++had === count) resolve();
        else send();
      };
      send();
    });
    return performance.now() - begin;
  }
}
