/**
 * Records numbered messages until it is killed: `node recording-child.mjs <path> <compression> <rotateBytes> <seed>`. After
 * each turn it says on stdout, as two float64, how many it has given to the recorder and how many are in the files.
 */
import { writeSync } from 'node:fs';
import { Recorder } from '../../../../dist/bridges/mcap/recorder.js';
import { definitionOf } from '../../../../dist/bridges/messages/definitions.js';
import { SeededRandom } from '../../../../dist/src/core/random.js';

const [path, compression, rotateBytes, seed] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const recorder = await Recorder.open(path, {
  maxBytes: 1e9,
  definitionOf,
  metadata: { child: { seed } },
  onError: (error) => {
    throw error;
  },
  compression,
  rotateBytes: Number(rotateBytes) || Number.POSITIVE_INFINITY,
  carry: (topic) => topic === '/latched',
  chunkBytes: 16 * 1024,
});
recorder.record('/latched', 'std_msgs/msg/String', { data: 'said once' }, 0, 0);
const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
const said = new Float64Array(2);
for (let n = 0; ; ) {
  for (let i = 0; i < 20; i++, n++) {
    const position = Array.from({ length: 7 }, () => random.uniform());
    const message = { header, name: ['a'], position, velocity: [], effort: [n] };
    recorder.record('/n', 'sensor_msgs/msg/JointState', message, n, n);
  }
  said[0] = n;
  // Without the latched message, which is the first.
  said[1] = Math.max(0, recorder.counters.written - 1);
  writeSync(1, new Uint8Array(said.buffer));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
