import { TYPES } from '../../../bridges/messages/messages.ts';
import { longType } from '../../../bridges/messages/names.ts';
import { rosbridge, type TopicRef } from '../../../bridges/rosbridge/client.ts';
import { bridgeSchema } from '../../core/bridge-schema.ts';
import { MonotonicClock } from '../../core/clock.ts';
import { ReflexArcError } from '../../core/errors.ts';
import { SeededRandom } from '../../core/random.ts';

/** Where the bridge is, and what it wants of who comes: as `bridge` of a run file has it. Paths are of this process. */
export interface BridgeAccess {
  readonly url: string;
  readonly tokenFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** What the bridge of a robot says of it. */
export interface RobotGraph extends BridgeAccess {
  readonly rosVersion: 1 | 2;
  /** Type, long spelling, by topic. */
  readonly topics: ReadonlyMap<string, string>;
}

interface Version {
  version?: unknown;
}

const ANSWER_MS = 5000;
const DESCRIPTION = '/robot_description';
/** Where the description is a parameter: of ROS 1, and of the node that has it in ROS 2. */
const PARAMETERS = [DESCRIPTION, '/robot_state_publisher:robot_description'];

function client({ url, tokenFile, caFile }: BridgeAccess, rosVersion: 1 | 2, topics: readonly TopicRef[]) {
  const config = bridgeSchema.parse({
    ...{ url, token_file: tokenFile, ca_file: caFile, ros_version: rosVersion },
    ...{ verify: false, max_message_bytes: 20_000_000 },
  });
  return rosbridge.create(config, {
    clock: new MonotonicClock(),
    random: new SeededRandom(1),
    topics,
    encoder: null,
    log: () => {},
  });
}

/** Topics and version of the ROS behind a bridge. @throws ReflexArcError RA_BRIDGE_UNREACHABLE, RA_SERVICE_FAILED */
export async function askGraph(access: BridgeAccess, timeoutMs = ANSWER_MS): Promise<RobotGraph> {
  const { url } = access;
  const bridge = client(access, 2, []);
  try {
    const asked = await bridge
      .call('/rosapi/get_ros_version', 'rosapi_msgs/srv/GetROSVersion', {}, timeoutMs)
      .catch((error: ReflexArcError) => {
        // An older rosapi does not have this service.
        if (error.code === 'RA_SERVICE_FAILED') return null;
        throw new ReflexArcError('RA_BRIDGE_UNREACHABLE', {
          seen: `${url}: ${error.seen}`,
          allowed: 'a ROS websocket bridge with rosapi',
          cause: error,
        });
      });
    const { topics = [], types = [] } = (await bridge.call(
      '/rosapi/topics',
      'rosapi_msgs/srv/Topics',
      {},
      timeoutMs,
    )) as { topics?: string[]; types?: string[] };
    const { version } = (asked ?? { version: types.some((type) => type.includes('/msg/')) ? 2 : 1 }) as Version;
    return {
      ...access,
      rosVersion: version === 1 ? 1 : 2,
      topics: new Map(topics.map((topic, i) => [topic, longType(types[i] ?? '')])),
    };
  } finally {
    await bridge.close();
  }
}

/** The URDF that the robot publishes or has as a parameter. @throws ReflexArcError RA_URDF */
export async function askDescription(graph: RobotGraph, timeoutMs = ANSWER_MS): Promise<string> {
  const { url, rosVersion, topics } = graph;
  const isPublished = topics.get(DESCRIPTION) === TYPES.string;
  const bridge = client(graph, rosVersion, isPublished ? [{ topic: DESCRIPTION, type: TYPES.string }] : []);
  try {
    const published = isPublished ? await firstText(bridge, timeoutMs) : '';
    if (published !== '') return published;
    for (const name of PARAMETERS) {
      const answer = await bridge
        .call('/rosapi/get_param', 'rosapi_msgs/srv/GetParam', { name }, timeoutMs)
        .catch(() => ({ value: '' }));
      const text = unquoted((answer as { value?: unknown } | null)?.value);
      if (text.includes('<robot')) return text;
    }
  } finally {
    await bridge.close();
  }
  throw new ReflexArcError('RA_URDF', {
    seen: `${url}: no ${DESCRIPTION}, neither as a topic nor as a parameter`,
    allowed: 'a robot that says what it is',
    next: 'Give the file instead: `--urdf FILE`.',
  });
}

function firstText(bridge: ReturnType<typeof client>, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(''), timeoutMs);
    bridge.frames$.subscribe(({ message }) => {
      clearTimeout(timer);
      resolve(String((message as { data?: unknown }).data ?? ''));
    });
    void bridge.open();
  });
}

/** rosapi answers with JSON text: a text in quotes. */
function unquoted(value: unknown): string {
  if (typeof value !== 'string') return '';
  try {
    const inner: unknown = JSON.parse(value);
    return typeof inner === 'string' ? inner : '';
  } catch {
    return value;
  }
}
