import { timeFromNs } from '../messages/messages.ts';
import { globalName, longType } from '../messages/names.ts';
import { textOf } from '../messages/types.ts';
import type { Allowed } from '../serving/allow.ts';
import type { ServiceHandler } from '../serving/service.ts';
import type { Connection } from './connection.ts';
import type { Goals } from './goals.ts';
import type { Params } from './params.ts';
import type { Registry } from './registry.ts';
import { serviceDefinitions, typeDefinitions } from './typedefs.ts';

/** The node that stands for the process which runs this server; each client is a node of its own. */
const NODE = '/reflexarc';

/** What rosapi tells of. */
export interface Graph {
  readonly registry: Registry;
  readonly actions: Goals;
  readonly params: Params;
  readonly allowed: Allowed;
  clients(): Iterable<Connection>;
  /** Time of the ROS clock, ns: that of `/clock` where our process publishes one. */
  nowNs(): number;
}

type Table = Readonly<Record<string, ServiceHandler>>;

/** Offers the part of rosapi that dashboards and client libraries call. Answers are in ROS 2 spelling. */
export function offerRosapi(graph: Graph): void {
  for (const table of [topicTable(graph), serviceTable(graph), nodeTable(graph), paramTable(graph.params)])
    for (const [name, handler] of Object.entries(table))
      graph.registry.offer(`/rosapi/${name}`, `rosapi_msgs/srv/${pascal(name)}`, handler);
}

const clientNode = ({ id }: { id: number }) => `/client_${id}`;

/** Topics that a client may read or write, with their types. */
function seenTopics({ registry, allowed }: Graph) {
  return [...registry.topics.values()].filter(
    ({ topic, type }) => type !== '' && (allowed('subscribe', topic) || allowed('publish', topic)),
  );
}

/** Services but for those that ROS 2 hides behind actions. */
function seenServices({ registry, allowed }: Graph) {
  return [...registry.services.values()].filter(({ name }) => allowed('call', name) && !name.includes('/_action/'));
}

function topicTable(graph: Graph): Table {
  const topics = () => seenTopics(graph);
  const topic = (args: unknown) => graph.registry.topics.get(globalName(argument(args, 'topic')));
  return {
    topics: () => ({ topics: topics().map((t) => t.topic), types: topics().map((t) => t.type) }),
    topics_and_raw_types: () => ({
      topics: topics().map((t) => t.topic),
      types: topics().map((t) => t.type),
      typedefs_full_text: topics().map((t) => textOf(t.type)),
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
      return { publishers: [...(entry?.published ? [NODE] : []), ...[...(entry?.advertisers ?? [])].map(clientNode)] };
    },
    subscribers: (args) => {
      const entry = topic(args);
      const listening = [...graph.clients()].filter((c) => entry !== undefined && c.feeds.has(entry.topic));
      return { subscribers: [...(entry?.handlers.length ? [NODE] : []), ...listening.map(clientNode)] };
    },
    message_details: (args) => ({ typedefs: typeDefinitions(longType(argument(args, 'type'))) }),
    get_time: () => ({ time: timeFromNs(graph.nowNs()) }),
    get_ros_version: () => ({ version: 2, distro: 'reflexarc' }),
  };
}

function serviceTable(graph: Graph): Table {
  const services = () => seenServices(graph);
  const service = (args: unknown) => graph.registry.services.get(globalName(argument(args, 'service')));
  const nodeOf = (args: unknown) => {
    const found = service(args);
    return found === undefined ? '' : found.provider === null ? NODE : clientNode(found.provider);
  };
  const ofType = (args: unknown, name: string) => {
    const type = longType(argument(args, name), 'srv');
    return services().filter((s) => s.type === type);
  };
  return {
    services: () => ({ services: services().map((s) => s.name) }),
    service_type: (args) => ({ type: service(args)?.type ?? '' }),
    services_for_type: (args) => ({ services: ofType(args, 'type').map((s) => s.name) }),
    service_providers: (args) => ({ providers: ofType(args, 'service').map((s) => s.name) }),
    service_node: (args) => ({ node: nodeOf(args) }),
    service_request_details: (args) => ({
      typedefs: serviceDefinitions(longType(argument(args, 'type'), 'srv'), 'Request'),
    }),
    service_response_details: (args) => ({
      typedefs: serviceDefinitions(longType(argument(args, 'type'), 'srv'), 'Response'),
    }),
    action_servers: () => ({ action_servers: [...graph.actions.offers.keys()] }),
    action_type: (args) => ({ type: graph.actions.offers.get(globalName(argument(args, 'action')))?.type ?? '' }),
  };
}

function nodeTable(graph: Graph): Table {
  return {
    nodes: () => ({ nodes: [NODE, ...[...graph.clients()].map(clientNode)] }),
    node_details: (args) => {
      const node = argument(args, 'node');
      const client = [...graph.clients()].find((c) => clientNode(c) === node);
      if (client !== undefined)
        return {
          subscribing: [...client.feeds.keys()],
          publishing: [...client.advertised.keys()],
          services: [...client.services],
        };
      if (node !== '' && node !== NODE) return { subscribing: [], publishing: [], services: [] };
      return {
        subscribing: seenTopics(graph).flatMap((t) => (t.handlers.length > 0 ? [t.topic] : [])),
        publishing: seenTopics(graph).flatMap((t) => (t.published ? [t.topic] : [])),
        services: seenServices(graph).flatMap((s) => (s.provider === null ? [s.name] : [])),
      };
    },
  };
}

/** ROS 2 names a parameter `node:name`; here that is a name like any other. Values are JSON. */
function paramTable(params: Params): Table {
  return {
    get_param_names: () => ({ names: params.names() }),
    get_param: (args) => {
      const name = argument(args, 'name');
      const fallback = argument(args, 'default_value') || argument(args, 'default') || 'null';
      const successful = params.has(name);
      return { value: params.get(name) ?? fallback, successful, reason: successful ? '' : `${name} is not set` };
    },
    has_param: (args) => ({ exists: params.has(argument(args, 'name')) }),
    search_param: (args) => ({ global_name: params.search(argument(args, 'name')) }),
    set_param: (args) => {
      params.set(argument(args, 'name'), Array.isArray(args) ? String(args[1]) : argument(args, 'value'));
      return { successful: true, reason: '' };
    },
    delete_param: (args) => {
      params.delete(argument(args, 'name'));
      return { successful: true, reason: '' };
    },
  };
}

/** An argument by name, or the first of a list. */
function argument(args: unknown, name: string): string {
  const value = Array.isArray(args) ? args[0] : (args as Record<string, unknown> | null)?.[name];
  return typeof value === 'string' ? value : '';
}

const pascal = (snake: string) => snake.replace(/(^|_)([a-z])/g, (_m, _u, letter: string) => letter.toUpperCase());
