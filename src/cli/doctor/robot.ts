import { WebSocket } from 'ws';
import type { Bridge } from '../../../bridges/bridge.ts';
import type { Expected } from '../../../bridges/rosbridge/verify.ts';
import { MonotonicClock, wallNs } from '../../core/clock.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { handshakeOf } from '../../core/handshake.ts';
import type { SensorFrame } from '../../core/signals.ts';
import { expectedOnRobot } from '../../daemon/expected.ts';
import { lowDimensionalTopics, observedTopics, robotClient } from '../../daemon/robot-link.ts';
import { StateAssembler } from '../../pipeline/assemble.ts';
import { quantile } from '../bench/rows.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { TopicWatch } from './topic-watch.ts';
import { listenerChecks, listenersThere, typeChecks, typesThere } from './types.ts';

const CONNECT_MS = 2000;
const LISTEN_MS = 2000;
const PINGS = 20;
/** A rate below this share of `control_hz` leaves ticks without a new state. */
const RATE_SHARE = 0.9;
/** Wall clocks further apart make logs hard to lay side by side; the gate judges by receive time. */
const CLOCK_S = 0.5;
/** Further apart, they are no wall clocks: a simulator's time, or time since boot. */
const OTHER_TIME_S = 86_400;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const ms = (v: number) => `${v.toPrecision(3)} ms`;

/** Everything that can be known of the robot's side by listening and asking: it publishes and advertises nothing. */
export async function robotChecks(config: RunConfig): Promise<Check[]> {
  const { answers, checks: link } = await linkChecks(config);
  if (!answers) return link;
  const expected = expectedOnRobot(config);
  const missing = await listeners(config, expected);
  const bridge = robotClient(config, new MonotonicClock(), observedTopics(config));
  try {
    void bridge.open();
    const heard = await listen(config, bridge);
    const types = typeChecks(expected, await typesThere(expected, bridge));
    return [...link, ...types, ...listenerChecks(expected, missing), ...heard];
  } finally {
    await bridge.close();
  }
}

/** Asked by a client that subscribes nothing: on a ROS bridge we would be told of as a listener. */
async function listeners(config: RunConfig, expected: readonly Expected[]): Promise<ReadonlyMap<string, string>> {
  const bridge = robotClient(config, new MonotonicClock(), []);
  try {
    return await listenersThere(expected, bridge);
  } finally {
    await bridge.close();
  }
}

/** Reachable, and how long an answer takes, by websocket pings of a connection of its own. */
export async function linkChecks(config: RunConfig): Promise<{ answers: boolean; checks: Check[] }> {
  const { url } = config.bridge;
  const socket = new WebSocket(url, {
    ...{ perMessageDeflate: false, handshakeTimeout: CONNECT_MS },
    ...handshakeOf(config.bridge),
  });
  const refused = await new Promise<string>((resolve) => {
    socket.once('open', () => resolve(''));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.message || String(error.code)));
  });
  socket.on('error', () => {});
  if (refused !== '') {
    const next =
      'Start the ROS bridge (or `reflexarc sim`), or correct `bridge.url`. Topics, rates, stamps and latency were not looked at.';
    return { answers: false, checks: [fail('bridge', `${url}: ${refused}`, next)] };
  }
  const reached = ok('bridge', url);
  try {
    const times: number[] = [];
    for (let n = 0; n < PINGS; n++) {
      const at = performance.now();
      const answered = await Promise.race([
        new Promise<boolean>((resolve) => {
          socket.once('pong', () => resolve(true));
          socket.ping();
        }),
        pause(CONNECT_MS).then(() => false),
      ]);
      if (!answered) {
        const next = 'Commands are refused on a link that does not answer pings: find out why it stands still.';
        return { answers: false, checks: [reached, fail('link latency', `no pong within ${CONNECT_MS} ms`, next)] };
      }
      times.push(performance.now() - at);
      await pause(5);
    }
    return { answers: true, checks: [reached, latencyCheck(config, Float64Array.from(times).sort())] };
  } finally {
    socket.terminate();
  }
}

export function latencyCheck({ daemon, safety }: RunConfig, ascending: Float64Array): Check {
  const worst = ascending.at(-1) ?? 0;
  const seen = `p50 ${ms(quantile(ascending, 0.5))}, longest ${ms(worst)} of ${ascending.length} pings`;
  const dead = 3 * daemon.link_ping_ms;
  if (worst > dead)
    return fail(
      'link latency',
      seen,
      `After ${dead} ms without an answer the link counts as dead: mend the network, or raise \`daemon.link_ping_ms\`.`,
    );
  if (worst > 1000 / safety.control_hz)
    return warn('link latency', seen, 'Longer than a control period: use a wire, and the host nearest to the robot.');
  return ok('link latency', seen);
}

/** Listens for a while: rate, gaps, stamps and joints of every source. */
async function listen(config: RunConfig, bridge: Bridge): Promise<Check[]> {
  const { robot } = config;
  const watches = new Map(lowDimensionalTopics(config).map(({ topic }) => [topic, new TopicWatch()]));
  const assembler = new StateAssembler(config.robot);
  let commands = 0;
  const listening = bridge.frames$.subscribe((frame: SensorFrame) => {
    if (frame.topic === robot.topics.command) commands++;
    watches.get(frame.topic)?.take(frame.message, frame.receivedNs, wallNs());
    assembler.accept(frame);
  });
  await pause(LISTEN_MS);
  listening.unsubscribe();
  const checks = robot.sources.flatMap((source) =>
    sourceChecks(config, robot.topics[source], watches.get(robot.topics[source])!),
  );
  const { complete, refused } = assembler.counters;
  if (refused > 0)
    checks.push(fail('joints', assembler.lastRefusal, 'Make `robot.joints` name the joints that the robot publishes.'));
  else if (complete > 0) checks.push(ok('states', `${complete} complete in ${LISTEN_MS / 1000} s`));
  else
    checks.push(
      fail('states', 'no complete one', 'All of `robot.sources` must come, with the same stamp; see their checks.'),
    );
  const target = watches.get(config.task.target_topic)!;
  if (target.count === 0)
    checks.push(
      warn(
        config.task.target_topic,
        'nothing heard',
        'The task cannot be engaged before its target is known: start what estimates it.',
      ),
    );
  else checks.push(ok(config.task.target_topic, `${target.count} heard`));
  const { command } = robot.topics;
  if (commands === 0) checks.push(ok(command, 'nobody commands the robot'));
  else
    checks.push(
      warn(command, `${commands} commands heard`, 'Only one may command the robot: end it, unless it is this daemon.'),
    );
  return checks;
}

export function sourceChecks({ safety }: RunConfig, topic: string, watch: TopicWatch): Check[] {
  const silent = 'Start the publisher, or correct `robot.topics`.';
  if (watch.count === 0) return [fail(topic, `nothing heard in ${LISTEN_MS / 1000} s`, silent)];
  const rate = `${watch.hz.toFixed(1)} Hz, longest gap ${ms(watch.longestMs)}`;
  const checks: Check[] = [];
  if (watch.longestMs > safety.state_age_ms)
    checks.push(
      fail(
        topic,
        rate,
        `A gap of more than \`safety.state_age_ms\` (${safety.state_age_ms}) stops the robot: raise the rate, or mend the link.`,
      ),
    );
  else if (watch.hz < RATE_SHARE * safety.control_hz)
    checks.push(
      warn(topic, rate, `Below \`safety.control_hz\` (${safety.control_hz}): ticks between states judge old data.`),
    );
  else checks.push(ok(topic, rate));
  return [...checks, ...stampChecks(safety.stamp_skew_ms, topic, watch)];
}

function stampChecks(skewMs: number, topic: string, watch: TopicWatch): Check[] {
  const name = `${topic} stamps`;
  if (watch.unstamped > 0)
    return [
      fail(
        name,
        `${watch.unstamped} of ${watch.count} have none`,
        'The publisher must fill `header.stamp`: order and joining go by it.',
      ),
    ];
  if (watch.frozen > 0)
    return [
      fail(
        name,
        `${watch.frozen} of ${watch.count} do not advance`,
        'A driver that repeats itself, or two publishers on one topic: find it.',
      ),
    ];
  const isWall = Math.abs(watch.lagS) < OTHER_TIME_S;
  const clocks = `${Math.abs(watch.lagS).toPrecision(3)} s ${watch.lagS >= 0 ? 'behind' : 'ahead of'} our clock`;
  const seen = `${isWall ? clocks : 'no wall time (a simulator?)'}, spread ${ms(watch.spreadMs)}`;
  if (watch.spreadMs > skewMs)
    return [
      warn(
        name,
        seen,
        `States later than \`safety.stamp_skew_ms\` (${skewMs}) after the freshest are refused: mend the link, or raise it.`,
      ),
    ];
  if (isWall && Math.abs(watch.lagS) > CLOCK_S)
    return [
      warn(
        name,
        seen,
        'Synchronise the clocks (chrony, PTP). The gate goes by receive time; logs and the sentinel’s stop carry stamps.',
      ),
    ];
  return [ok(name, seen)];
}
