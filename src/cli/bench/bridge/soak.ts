import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type JointState, TYPES } from '../../../../bridges/messages/messages.ts';
import { RosbridgeClient } from '../../../../bridges/rosbridge/client.ts';
import { bridgeSchema } from '../../../core/bridge-schema.ts';
import { MonotonicClock } from '../../../core/clock.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { packageRoot } from '../../../core/paths.ts';
import { SeededRandom } from '../../../core/random.ts';
import type { CommandEncoder } from '../../../core/signals.ts';
import { pause } from '../child.ts';
import { type Memory, meter } from '../heap.ts';
import { type BenchOptions, type Outcome, rowOf } from '../rows.ts';
import { type Bounds, flatness } from './flat.ts';
import { COMMAND_TYPE, COMMANDS, STATES } from './robot.ts';
import { Arrivals, balance, commandBalance, stateBalance } from './soak-balance.ts';
import { readFrame, type Tally, wallMs } from './soak-terms.ts';
import { actionOf } from './subjects.ts';

const HZ = 500;
const TIMER_HZ = 100;
const CUT_EVERY_MS = 5000;
const SECONDS = 600;
/**
 * Bytes a message from which on memory is not flat, wider than those of a million messages at rest: what is under way, and half a connection, is
 * in it. Below five minutes nothing can be said.
 */
const BOUNDS: Bounds = { heapUsed: 1, external: 4, arrayBuffers: 4, rss: 16 };
const SAYS_SOMETHING_S = 300;
/** A dead wire swallows commands until three pings stay unanswered. */
const GONE_AFTER_PINGS = 3;

const ENCODER: CommandEncoder = {
  topic: COMMANDS,
  type: COMMAND_TYPE,
  encode: ({ setpoint }) => ({
    topic: COMMANDS,
    type: COMMAND_TYPE,
    message: { layout: { dim: [], data_offset: 0 }, data: Array.from(setpoint) },
  }),
};

/**
 * Our client for a long time at 500 Hz on a wire that is cut every 5 s: each state is answered by a command at once, and a timer commands beside. Every
 * state and every command must have a place in the books of both sides, memory must be flat, and not one command may reach the robot that was made for an earlier link.
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
  /** States as they come, and commands as they go out over each link. */
  const states = new Arrivals();
  const sent: number[] = [];
  const command = () => {
    count.attempts++;
    const link = sent.length - 1;
    const { sent: out } = bridge.send(actionOf(count.attempts, 0, [link, sent[link] ?? 0, wallMs()]));
    if (out) {
      count.sent++;
      sent[link]!++;
    } else count.refused++;
  };
  let epoch = 0;
  const links = bridge.link$.subscribe((link) => {
    if (!link.up && link.epoch > 0) count.downs++;
    if (link.up) {
      count.ups++;
      sent.push(0);
      if (link.epoch <= epoch) count.epochsFellBack++;
    }
    epoch = link.epoch;
  });
  bridge.frames$.subscribe(({ message }) => {
    states.accept(...(readFrame((message as JointState).header.frame_id) ?? [-1, -1]));
    count.answered++;
    command();
  });
  await bridge.open();
  // And on a timer, as the gate: a link that has died still looks open, and is written to.
  const ticking = setInterval(command, 1000 / TIMER_HZ);
  const points = await watch(seconds, () => bridge.counters.framesIn);
  clearInterval(ticking);
  links.unsubscribe();
  const messages = bridge.counters.framesIn;
  await bridge.close();
  // What is on the wire arrives.
  await pause(200);
  robot.stdin!.end();
  const [last] = (await once(lines, 'line')) as [string];
  const tally = JSON.parse(last) as Tally;

  const over = balance(tally.sent, states.all);
  const out = balance(sent, tally.commands);
  const { ping_ms } = config.bridge;
  /** No more than a link holds that is found to be dead. */
  const underWay = tally.cuts * Math.ceil(((GONE_AFTER_PINGS + 2) * ping_ms * HZ) / 1000);
  const memory = flatness('', points, BOUNDS, seconds >= SAYS_SOMETHING_S);
  const checks: [boolean, string][] = [
    stateBalance({ ...tally, over }),
    commandBalance(out),
    [states.disordered === 0, `${states.disordered} states twice or out of order`],
    [count.answered === messages, `${messages} states in, each answered`],
    [
      count.attempts === count.sent + count.refused && out.sent === count.sent,
      `${count.attempts} commands: ${count.sent} sent, ${count.refused} refused`,
    ],
    [
      bridge.counters.commandsSent === count.sent && bridge.counters.commandsRefused === count.refused,
      'the counters of the bridge say the same',
    ],
    [
      over.underWay <= underWay && out.underWay <= underWay,
      `${over.underWay} states and ${out.underWay} commands were lost in ${tally.cuts} cuts, at most ${underWay} allowed`,
    ],
    [tally.replayed === 0, `${tally.replayed} stale commands`],
    [tally.disordered === 0, `${tally.disordered} commands twice or out of order`],
    [
      count.epochsFellBack === 0 && count.ups === bridge.counters.reconnects + 1,
      `${count.ups} links, each of a new epoch`,
    ],
    [count.ups > Math.floor(tally.cuts / 2), `back after ${count.ups - 1} of ${count.downs} downs`],
    [!memory.failed, 'memory, as said below'],
  ];
  return {
    results: [...memory.rows, rowOf('oldest command at the robot', 'ours', 'ms', [tally.oldestMs])],
    notes: [
      ...checks.map(([good, says]) => `${good ? 'ok  ' : 'FAIL'} ${says}`),
      ...memory.notes,
      `not published, since the robot itself was late: ${tally.late}`,
      `said: ${[...errors].map(([code, n]) => `${code} ×${n}`).join(', ') || 'nothing'}`,
    ],
    failed: checks.some(([good]) => !good),
  };
}

/** `[messages, memory]` at most every 10 s, for so long. */
async function watch(seconds: number, messages: () => number): Promise<[number, Memory][]> {
  const used = meter();
  const points: [number, Memory][] = [];
  const step = Math.min(10, seconds / 5);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await pause(step * 1000);
    points.push([messages(), used()]);
  }
  return points;
}
