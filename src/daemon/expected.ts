import type { RosGraph } from '../../bridges/bridge.ts';
import { type Expected, expectedOf } from '../../bridges/rosbridge/verify.ts';
import { MonotonicClock } from '../core/clock.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { Citizen } from './citizen/citizen.ts';
import { portsOf } from './citizen/ports.ts';
import { brainTopics, observedTopics, robotEncoder, stopTopic } from './robot-link.ts';

/**
 * Every topic and service that the daemon's processes hear, say or offer on the robot's bridge, each once, with its type:
 * what they verify there at each connection.
 */
export function expectedOnRobot(config: RunConfig): Expected[] {
  const heard = [...brainTopics(config), ...observedTopics(config)];
  const encoder = robotEncoder(config);
  const all = [...expectedOf(heard, [encoder, ...(encoder.besides ?? []), stopTopic(config)]), ...onGraph(config)];
  return [...new Map(all.map((one) => [`${one.role === 'serves'} ${one.topic}`, one])).values()];
}

/** What the citizen settles with on the robot's graph, as far as `daemon.robot_graph` goes. */
function onGraph({ daemon, practice }: RunConfig): Expected[] {
  const met: Expected[] = [];
  const listens = (topic: string, type: string) => met.push({ topic, type, role: 'listens' });
  const graph: RosGraph = {
    advertise: listens,
    onPublish: listens,
    publish: () => {},
    advertiseService: (topic, type) => met.push({ topic, type, role: 'serves' }),
  };
  const ports = portsOf(daemon, graph, null, { graph }).filter(({ name }) => name === 'robot');
  const nobody = async () => ({ accepted: false, reason: '', success: false, message: '' });
  new Citizen({
    ...{ namespace: daemon.namespace, ports, clock: new MonotonicClock() },
    ...{ ask: nobody, incident: () => 0, takeOver: () => {} },
    ...(practice && { practice: { ask: nobody } }),
  });
  return met;
}
