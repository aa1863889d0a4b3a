import { definitions } from '../messages/definitions.ts';
import { globalName, longType } from './publication.ts';
import type { Registry, ServiceHandler } from './registry.ts';
import { typeDefinitions } from './typedefs.ts';

/** The node that stands for the process which runs this server. */
const NODE = '/reflexarc';

/** Offers the part of rosapi that dashboards and client libraries call. Answers are in ROS 2 spelling. */
export function offerRosapi(registry: Registry, nowNs: () => number): void {
  const topics = () => [...registry.topics.values()].filter((t) => t.type !== '');
  const services = () => [...registry.services];
  const topic = (args: unknown) => registry.topics.get(globalName(argument(args, 'topic')));
  const client = ({ id }: { id: number }) => `/client_${id}`;
  const table: Record<string, ServiceHandler> = {
    topics: () => ({ topics: topics().map((t) => t.topic), types: topics().map((t) => t.type) }),
    topics_and_raw_types: () => ({
      topics: topics().map((t) => t.topic),
      types: topics().map((t) => t.type),
      typedefs_full_text: topics().map((t) => definitions.get(t.type) ?? ''),
    }),
    topic_type: (args) => ({ type: topic(args)?.type ?? '' }),
    topics_for_type: (args) => {
      const type = longType(argument(args, 'type'));
      return {
        topics: topics()
          .filter((t) => t.type === type)
          .map((t) => t.topic),
      };
    },
    publishers: (args) => {
      const entry = topic(args);
      return { publishers: [...(entry?.ours ? [NODE] : []), ...[...(entry?.advertisers ?? [])].map(client)] };
    },
    services: () => ({ services: services().map(([name]) => name) }),
    service_type: (args) => ({ type: registry.services.get(globalName(argument(args, 'service')))?.type ?? '' }),
    services_for_type: (args) => {
      const type = longType(argument(args, 'type'), 'srv');
      return {
        services: services()
          .filter(([, service]) => service.type === type)
          .map(([name]) => name),
      };
    },
    message_details: (args) => ({ typedefs: typeDefinitions(longType(argument(args, 'type'))) }),
    nodes: () => ({ nodes: [NODE] }),
    node_details: () => ({
      subscribing: topics().flatMap((t) => (t.handlers.length > 0 ? [t.topic] : [])),
      publishing: topics().flatMap((t) => (t.ours ? [t.topic] : [])),
      services: services().map(([name]) => name),
    }),
    get_param_names: () => ({ names: [] }),
    get_time: () => ({ time: { sec: Math.floor(nowNs() / 1e9), nanosec: Math.floor(nowNs() % 1e9) } }),
    get_ros_version: () => ({ version: 2, distro: 'reflexarc' }),
  };
  for (const [name, handler] of Object.entries(table))
    registry.offer(`/rosapi/${name}`, `rosapi_msgs/srv/${pascal(name)}`, handler);
}

/** An argument by name, or the first of a list. */
function argument(args: unknown, name: string): string {
  const value = Array.isArray(args) ? args[0] : (args as Record<string, unknown> | null)?.[name];
  return typeof value === 'string' ? value : '';
}

const pascal = (snake: string) => snake.replace(/(^|_)([a-z])/g, (_m, _u, letter: string) => letter.toUpperCase());
