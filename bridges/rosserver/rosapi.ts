import type { Registry, ServiceHandler } from './registry.ts';

/** The part of rosapi that dashboards and client libraries call. Answers are in ROS 2 spelling. */
export function rosapi(
  registry: Registry,
  nowNs: () => number,
): Map<string, { type: string; handler: ServiceHandler }> {
  const argument = (args: unknown, name: string): string => {
    const value = Array.isArray(args) ? args[0] : (args as Record<string, unknown> | null)?.[name];
    return typeof value === 'string' ? value : '';
  };
  const topics = () => [...registry.topics.values()].filter((t) => t.type !== '');
  const table: Record<string, ServiceHandler> = {
    topics: () => ({ topics: topics().map((t) => t.topic), types: topics().map((t) => t.type) }),
    topics_and_raw_types: () => ({
      topics: topics().map((t) => t.topic),
      types: topics().map((t) => t.type),
      typedefs_full_text: topics().map(() => ''),
    }),
    topic_type: (args) => ({ type: registry.topics.get(argument(args, 'topic'))?.type ?? '' }),
    topics_for_type: (args) => ({
      topics: topics()
        .filter((t) => t.type === argument(args, 'type'))
        .map((t) => t.topic),
    }),
    services: () => ({ services: [...registry.services.keys()] }),
    service_type: (args) => ({ type: registry.services.get(argument(args, 'service'))?.type ?? '' }),
    services_for_type: (args) => ({
      services: [...registry.services].filter(([, s]) => s.type === argument(args, 'type')).map(([name]) => name),
    }),
    nodes: () => ({ nodes: ['/reflexarc'] }),
    get_time: () => ({ time: { sec: Math.floor(nowNs() / 1e9), nanosec: Math.floor(nowNs() % 1e9) } }),
    get_ros_version: () => ({ version: 2, distro: 'reflexarc' }),
  };
  return new Map(
    Object.entries(table).map(([name, handler]) => [
      `/rosapi/${name}`,
      { type: `rosapi_msgs/srv/${pascal(name)}`, handler },
    ]),
  );
}

const pascal = (snake: string) => snake.replace(/(^|_)([a-z])/g, (_m, _u, letter: string) => letter.toUpperCase());
