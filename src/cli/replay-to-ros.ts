import { setTimeout as sleep } from 'node:timers/promises';
import { globalName } from '../../bridges/messages/names.ts';
import { RosServer } from '../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../core/clock.ts';
import { shown } from '../core/config/source.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import { TOPICS } from '../daemon/citizen/interface.ts';
import { secretIn } from '../daemon/ros-options.ts';
import { loggedConfig } from '../logs/log-config.ts';
import { clockIn, play } from '../logs/playback/play.ts';
import { type PlayedTopic, type Survey, survey } from '../logs/playback/survey.ts';
import type { Window } from '../logs/window.ts';
import { LiveLine, table } from './output.ts';
import type { ReplayOptions } from './replay-options.ts';

/** That of rosbridge. */
const PORT = 9090;
/** Clients have so long to take the last messages. */
const LAST_MS = 1000;

/** `reflexarc replay --to-ros`: the log on a rosbridge server of ours, until its end or Ctrl-C. Returns the exit code. */
export async function replayToRos(logs: readonly string[], options: ReplayOptions, window: Window): Promise<number> {
  const { json = false, speed = 1, loop = false, host = '127.0.0.1', port = PORT, tokenFile } = options;
  const stream = json ? process.stderr : process.stdout;
  const config = await loggedConfig(logs[0]!);
  const found = await survey(logs, window, latchedOf(config));
  const { topics, leftOut } = choose(found, options.topic, commandsOf(config));
  const clock = new MonotonicClock();
  const token = tokenFile === undefined ? null : secretIn(tokenFile, '--token-file');
  const server = new RosServer({ host, port, clock, token });
  const address = await server.listen().then((at) => `ws://${at.host}:${at.port}`);
  server.params.declare('/use_sim_time', true);
  if (json) process.stdout.write(`${JSON.stringify({ listening: address })}\n`);
  stream.write(`${table(head(logs, found, { address, window, speed, loop, topics, leftOut }))}\n`);

  const abort = new AbortController();
  const end = () => abort.abort();
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  const live = new LiveLine(stream);
  const toS = Math.min(window.toS, found.durationS).toFixed(1);
  let shownMs = 0;
  try {
    const played = await play(logs, server, {
      ...{ survey: found, window, topics, speed, loop, signal: abort.signal },
      timing: {
        nowNs: () => clock.nowNs(),
        sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
      },
      taken: () => server.clear,
      onProgress(atS, round) {
        const nowMs = clock.nowNs() / 1e6;
        if (nowMs - shownMs < 200) return;
        shownMs = nowMs;
        live.show(
          `${atS.toFixed(1)} of ${toS} s${loop ? `, round ${round}` : ''}, ${server.clients.length} clients; Ctrl-C ends it`,
        );
      },
    });
    for (let ms = 0; !server.clear && ms < LAST_MS && !abort.signal.aborted; ms += 10) await sleep(10);
    live.done();
    const dropped = server.counters.dropped + server.clients.reduce((sum, client) => sum + client.dropped, 0);
    const { clients } = server.counters;
    stream.write(
      `${played.messages} messages in ${played.rounds} rounds to ${clients} clients; ${dropped} that slow ones did not get\n`,
    );
    if (json) {
      const counts = topics.map(({ topic, type, messages, latched }) => ({ topic, type, messages, latched }));
      const result = { address, ...played, clients, dropped, topics: counts, left_out: leftOut.map((t) => t.topic) };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
    return 0;
  } finally {
    live.done();
    await server.close();
  }
}

/** What says how things stand, in a log of ours: somebody who comes late wants to know. */
function latchedOf(config: RunConfig | null): ReadonlySet<string> {
  if (config === null) return new Set();
  const ours = Object.values(TOPICS).flatMap((t) => ('latch' in t && 'log' in t ? [t.log as string] : []));
  const { task, robot } = config;
  return new Set([...ours, task.target_topic, task.episode_topic, robot.topics.robot_status].map(globalName));
}

/** What moves a robot that listens. */
function commandsOf(config: RunConfig | null): ReadonlySet<string> {
  if (config === null) return new Set();
  const { command, stop } = config.robot.topics;
  const { interface: iface } = config.robot;
  const stiffness = 'stiffness_topic' in iface && iface.stiffness_topic ? [iface.stiffness_topic] : [];
  return new Set([command, stop, ...stiffness].map(globalName));
}

/**
 * The topics that are published: those named, or all but the commands. Nothing old moves a robot unless somebody says so.
 * @throws ReflexArcError RA_USAGE for a name that is not in the log, and where there is nothing to publish
 */
function choose({ topics }: Survey, named: readonly string[], commands: ReadonlySet<string>) {
  const names = new Set(named.map(globalName));
  for (const name of names)
    if (!topics.some(({ topic }) => topic === name))
      throw new ReflexArcError('RA_USAGE', {
        seen: `--topic ${name}`,
        allowed: topics.map(({ topic }) => topic).join(', '),
      });
  const isPlayed = ({ topic }: PlayedTopic) => (names.size > 0 ? names.has(topic) : !commands.has(topic));
  const played = topics.filter(isPlayed);
  if (played.every(({ messages }) => messages === 0))
    throw new ReflexArcError('RA_USAGE', { seen: 'no message to publish', allowed: 'a stretch and topics with some' });
  return { topics: played, leftOut: topics.filter((t) => !isPlayed(t) && commands.has(t.topic)) };
}

interface Plan {
  address: string;
  window: Window;
  speed: number;
  loop: boolean;
  topics: readonly PlayedTopic[];
  leftOut: readonly PlayedTopic[];
}

function head(logs: readonly string[], { durationS, damage, otherType }: Survey, plan: Plan): [string, string][] {
  const { address, window, speed, loop, topics, leftOut } = plan;
  const stretch = `${window.fromS.toFixed(1)} to ${Math.min(window.toS, durationS).toFixed(1)} s`;
  const pace = speed === Number.POSITIVE_INFINITY ? 'as fast as clients take it' : `${speed} x real time`;
  const clock = clockIn(topics);
  const width = Math.max(...topics.map(({ topic }) => topic.length));
  const line = ({ topic, type, messages, latched }: PlayedTopic) =>
    `${topic.padEnd(width)}  ${messages}  ${type}${latched ? ', latched' : ''}`;
  return [
    ['log', logs.map(shown).join(', ')],
    ['address', `${address} (rosbridge)`],
    ['stretch', `${stretch}, ${pace}${loop ? ', again and again; the clock goes back at each beginning' : ''}`],
    ['clock', clock === undefined ? '/clock, at the times of recording' : `${clock.topic}, as the log has it`],
    ['topics', topics.map(line).join('\n')],
    ...leftOut.map(({ topic, messages }): [string, string] => [
      'left out',
      `${topic}  ${messages}: commands of a robot; --topic ${topic} plays them`,
    ]),
    ...(otherType > 0
      ? [['left out', `${otherType} messages of a second type on their topic`] as [string, string]]
      : []),
    ...(damage === null ? [] : [['damaged', damage.seen] as [string, string]]),
  ];
}
