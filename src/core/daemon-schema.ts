import { z } from 'zod';
import { fileHere } from './file-here.ts';

const finite = z.number();
const positive = finite.positive();
const globs = z.array(z.string().min(1)).default(['*']);

/** The `daemon` section of a run file: its processes, its servers, and what of it is on the robot's ROS graph. */
export const daemonSchema = z.strictObject({
  host: z.string().default('127.0.0.1').describe('console and ROS server bind here'),
  console_port: z.int().min(0).max(65535).default(8700),
  ros_port: z.int().min(0).max(65535).default(9091).describe("the daemon's own rosbridge server"),
  namespace: z
    .string()
    .regex(/^(\/[A-Za-z]\w*)+$/, 'a global name: /reflexarc')
    .default('/reflexarc')
    .describe('of our topics and services in ROS'),
  robot_graph: z
    .enum(['off', 'topics', 'all'])
    .default('all')
    .describe("on the robot's own graph: nothing of us but the lease, what we say, or services and takeover too"),
  robot_graph_hz: positive.default(20).describe('there, what we say at every tick is said at most so often'),
  takeover_from: z
    .array(z.enum(['server', 'robot']))
    .default(['server', 'robot'])
    .describe("where a person may take over from the policy: our own server, the robot's graph"),
  ros_token_file: fileHere('a secret that clients of the ROS server must show; without it, everybody may').optional(),
  ros_origins: z.array(z.string()).default([]).describe('web pages that may connect, besides those of this machine'),
  ros_publish_allow: globs.describe('topics that clients may publish, as globs'),
  ros_subscribe_allow: globs.describe('topics that clients may subscribe'),
  ros_call_allow: globs.describe('services and actions that clients may call or offer'),
  ros_tls_cert: fileHere('PEM; with it and its key the ROS server speaks wss').optional(),
  ros_tls_key: fileHere('PEM').optional(),
  foxglove_port: z
    .int()
    .min(0)
    .max(65535)
    .nullable()
    .default(8765)
    .describe(
      'live view for Foxglove and Lichtblick; 0 or null: none. Token, origins, TLS and lists of ros_* hold here too',
    ),
  foxglove_publish_allow: z
    .array(z.string().min(1))
    .default([])
    .describe("topics that viewers may publish to the daemon's ROS server, as globs"),
  heartbeat_ms: positive.default(80).describe('reflex silent for so long: the sentinel stops the robot'),
  time: z.enum(['real', 'stepped']).default('real').describe('stepped: follow the simulator, for --speed max'),
  link_ping_ms: positive
    .default(20)
    .describe("of the reflex's own link: three pings in a row without an answer, and it is dead; so within four"),
  spin_us: finite
    .min(0)
    .max(1000)
    .default(400)
    .describe("the reflex's timer wakes so much early and spins to its deadline: less late, for that share of a core"),
  restarts: z.int().min(0).default(5).describe('restarts of each child per minute before giving up'),
});
