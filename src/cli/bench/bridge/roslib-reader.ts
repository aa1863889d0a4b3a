import { once } from 'node:events';
import { Ros, Topic } from 'roslib';
import { WebSocket } from 'ws';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { paced } from './relay.ts';
import { jointStateText, numberOf, STATES } from './robot.ts';

/** Milliseconds from each of `count` states at `hz`, from a bare talker through the relay at `url`, to a stock roslib client. */
export async function readByRoslib(url: string, hz: number, count: number): Promise<number[]> {
  const talker = new WebSocket(url, { perMessageDeflate: false });
  const ros = new Ros({});
  const sentMs = new Float64Array(count).fill(Number.NaN);
  const ms: number[] = [];
  let heard = 0;
  try {
    const connected = once(ros as never, 'connection');
    await Promise.all([ros.connect(url), connected, once(talker, 'open')]);
    talker.send(JSON.stringify({ op: 'advertise', topic: STATES, type: TYPES.jointState }));
    new Topic({ ros, name: STATES, messageType: TYPES.jointState }).subscribe((message) => {
      heard++;
      const at = sentMs[numberOf(message) - 1];
      if (at !== undefined && !Number.isNaN(at)) ms.push(performance.now() - at);
    });
    // The number 0 is no state of the measurement.
    while (heard === 0) {
      talker.send(jointStateText(0));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await paced(hz, count, (number) => {
      const text = jointStateText(number);
      sentMs[number - 1] = performance.now();
      talker.send(text);
    });
    return ms;
  } finally {
    ros.close();
    talker.terminate();
  }
}
