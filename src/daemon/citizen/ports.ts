import type { Bridge, RosGraph } from '../../../bridges/bridge.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import type { Port } from './citizen.ts';

/**
 * The graphs that the daemon is on: its own server, a live view where there is one, and the robot's as far as
 * `daemon.robot_graph` goes. A place in the robot's graph is made by asking for it; where it is off, nobody asks.
 */
export function portsOf(
  { robot_graph, robot_graph_hz }: Pick<RunConfig['daemon'], 'robot_graph' | 'robot_graph_hz'>,
  server: RosGraph,
  viewer: RosGraph | null,
  bridge: Pick<Bridge, 'graph'>,
): Port[] {
  const always = Number.POSITIVE_INFINITY;
  const ports: Port[] = [{ name: 'server', graph: server, tickHz: always, commands: true }];
  if (viewer !== null) ports.push({ name: 'viewer', graph: viewer, tickHz: always, asLogged: true, commands: true });
  const graph = robot_graph === 'off' ? undefined : bridge.graph;
  if (graph !== undefined)
    ports.push({ name: 'robot', graph, tickHz: robot_graph_hz, commands: robot_graph === 'all' });
  return ports;
}
