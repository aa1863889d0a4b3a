import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { RosbridgeClient } from '../../../../bridges/rosbridge/client.ts';
import { bridgeSchema } from '../../../core/bridge-schema.ts';
import { MonotonicClock } from '../../../core/clock.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { packageRoot } from '../../../core/paths.ts';
import { SeededRandom } from '../../../core/random.ts';
import type { CommandEncoder } from '../../../core/signals.ts';
import { pause } from '../child.ts';
import { collector } from '../heap.ts';
import { type BenchOptions, type Outcome, type Row, rounded, rowOf, slopeOf } from '../rows.ts';
import { COMMANDS, STATES } from './robot.ts';
import { type Tally, wallMs } from './soak-terms.ts';
import { actionOf } from './subjects.ts';

const HZ = 500;
const TIMER_HZ = 100;
const CUT_EVERY_MS = 5000;
const SECONDS = 600;
/** Bytes a message below which the heap is flat; below five minutes nothing can be said. */
const FLAT = 1;
const SAYS_SOMETHING_S = 300;
/** A dead wire swallows commands until three pings stay unanswered. */
const GONE_AFTER_PINGS = 3;

const TYPE = 'std_msgs/msg/Float64MultiArray';
const ENCODER: CommandEncoder = {
  topic: COMMANDS,
  type: TYPE,
  encode: ({ seq, stampNs }) => ({
    topic: COMMANDS,
    type: TYPE,
    message: { layout: { dim: [], data_offset: 0 }, data: [seq, stampNs / 1e6] },
  }),
};

/**
 * Our client for a long time at 500 Hz on a wire that is cut every 5 s: each state is answered by a command at once, and a timer commands beside. All
 * counts must balance, the heap must be flat, and not one command may reach the robot that was made for an earlier link.
 */
export async function benchSoak(config: RunConfig, { seconds = SECONDS }: BenchOptions): Promise<Outcome> {
  const file = join(packageRoot, 'dist/src/cli/bench/bridge/soak-robot.js');
  const robot = spawn(process.execPath, [file, String(HZ), String(CUT_EVERY_MS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: robot.stdout! });
  const [port] = (await once(lines, 'line')) as [string];
  const errors = new Map<string, number>();
  const bridge = new RosbridgeClient(
    bridgeSchema.parse({ url: `ws://127.0.0.1:${port}`, verify: false, ping_ms: config.bridge.ping_ms }),
    {
      clock: new MonotonicClock(),
      random: new SeededRandom(config.seed),
      topics: [{ topic: STATES, type: TYPES.jointState }],
      encoder: ENCODER,
      log: ({ code }) => errors.set(code, (errors.get(code) ?? 0) + 1),
    },
  );
  const count = { answered: 0, attempts: 0, sent: 0, refused: 0, ups: 0, downs: 0, epochsFellBack: 0 };
  const command = () => {
    const { sent } = bridge.send(actionOf(++count.attempts, wallMs() * 1e6));
    if (sent) count.sent++;
    else count.refused++;
  };
  let epoch = 0;
  const links = bridge.link$.subscribe((link) => {
    if (link.up) count.ups++;
    else if (link.epoch > 0) count.downs++;
    if (link.up && link.epoch <= epoch) count.epochsFellBack++;
    epoch = link.epoch;
  });
  bridge.frames$.subscribe(() => {
    count.answered++;
    command();
  });
  await bridge.open();
  // And on a timer, as the gate: a link that has died still looks open, and is written to.
  const ticking = setInterval(command, 1000 / TIMER_HZ);
  const series = await watch(seconds, () => bridge.counters.framesIn);
  clearInterval(ticking);
  links.unsubscribe();
  const messages = bridge.counters.framesIn;
  await bridge.close();
  // What is on the wire arrives.
  await pause(200);
  robot.stdin!.end();
  const [last] = (await once(lines, 'line')) as [string];
  const tally = JSON.parse(last) as Tally;

  const lost = count.sent - tally.received;
  const { ping_ms } = config.bridge;
  const swallowed = Math.ceil(((GONE_AFTER_PINGS + 2) * ping_ms * HZ) / 1000);
  // The first half is warm-up: the code of a reconnection is compiled bit by bit, over some fifty of them.
  const slope = slopeOf(series.slice(Math.floor(series.length / 2)));
  const judgeHeap = seconds >= SAYS_SOMETHING_S;
  const checks: [boolean, string][] = [
    [count.answered === messages, `${messages} of ${tally.states} states in, each answered`],
    [
      count.attempts === count.sent + count.refused,
      `${count.attempts} commands: ${count.sent} sent, ${count.refused} refused`,
    ],
    [
      bridge.counters.commandsSent === count.sent && bridge.counters.commandsRefused === count.refused,
      'the counters of the bridge say the same',
    ],
    [
      lost >= 0 && lost <= tally.cuts * swallowed,
      `${tally.received} reached the robot, ${lost} were lost in ${tally.cuts} cuts`,
    ],
    [tally.replayed === 0, `${tally.replayed} stale commands`],
    [tally.duplicates + tally.disordered === 0, `${tally.duplicates} twice, ${tally.disordered} out of order`],
    [
      count.epochsFellBack === 0 && count.ups === bridge.counters.reconnects + 1,
      `${count.ups} links, each of a new epoch`,
    ],
    [count.ups > Math.floor(tally.cuts / 2), `back after ${count.ups - 1} of ${count.downs} downs`],
    [!judgeHeap || slope < FLAT, `${slope.toFixed(3)} bytes a message kept${judgeHeap ? '' : ' (too short to judge)'}`],
  ];
  const bytes = series.map(([, b]) => b);
  const heap: Row = { ...rowOf('heap_after_gc', 'ours', 'bytes', bytes), series, slope: rounded(slope) };
  return {
    results: [heap, rowOf('oldest command at the robot', 'ours', 'ms', [tally.oldestMs])],
    notes: [
      ...checks.map(([good, says]) => `${good ? 'ok  ' : 'FAIL'} ${says}`),
      `said: ${[...errors].map(([code, n]) => `${code} ×${n}`).join(', ') || 'nothing'}`,
    ],
    failed: checks.some(([good]) => !good),
  };
}

/** `[messages, bytes of heap]` at most every 10 s, for so long. */
async function watch(seconds: number, messages: () => number): Promise<[number, number][]> {
  const used = collector();
  const points: [number, number][] = [];
  const step = Math.min(10, seconds / 5);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await pause(step * 1000);
    points.push([messages(), used()]);
  }
  return points;
}
