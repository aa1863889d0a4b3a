import type { Bridge } from '../../../bridges/bridge.ts';
import { longType } from '../../../bridges/messages/names.ts';
import { listenersOf } from '../../../bridges/rosbridge/listeners.ts';
import type { Expected } from '../../../bridges/rosbridge/verify.ts';
import { type Check, fail, ok, warn } from './check.ts';

const CALL_MS = 2000;

/** Types by name, in whatever spelling, as rosapi tells them. */
export interface TypesThere {
  readonly topics: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, string>;
}

const asking = (bridge: Bridge) => async (service: string, type: string, args: object) =>
  (await bridge.call(`/rosapi/${service}`, `rosapi_msgs/srv/${type}`, args, CALL_MS)) as Record<string, unknown>;

/** What rosapi knows of all topics, and of the services that we would offer; null when it does not answer. */
export async function typesThere(expected: readonly Expected[], bridge: Bridge): Promise<TypesThere | null> {
  const ask = asking(bridge);
  try {
    const { topics, types } = (await ask('topics', 'Topics', {})) as { topics: string[]; types: string[] };
    const offered = expected.filter(({ role }) => role === 'serves').map(({ topic }) => topic);
    const services = await Promise.all(
      offered.map(async (service): Promise<[string, string]> => {
        // Some rosapis answer for a service that is not there with a failure.
        const { type } = await ask('service_type', 'ServiceType', { service }).catch(() => ({ type: '' }));
        return [service, String(type ?? '')];
      }),
    );
    return { topics: new Map(topics.map((topic, i) => [topic, types[i] ?? ''])), services: new Map(services) };
  } catch {
    return null;
  }
}

const NEXT: Readonly<Record<Expected['role'], string>> = {
  publishes: 'Correct the name in the run file, or the publisher.',
  follows: 'Correct the name in the run file (`robot.topics`, `stiffness_topic`), or end what is of another type.',
  listens:
    'We speak there, or listen to people: give it another name in the run file (`robot.topics`, `daemon.namespace`), or end what is of another type.',
  serves: 'We offer it: end what offers another under this name, or change `daemon.namespace`.',
};

/** A bridge says nothing to who subscribes, advertises or offers with another type than the one that is there. */
export function typeChecks(expected: readonly Expected[], there: TypesThere | null): Check[] {
  if (there === null)
    return [
      warn(
        'rosapi',
        'does not answer',
        'Start the rosapi node beside the bridge: without it nobody says that a type is wrong.',
      ),
    ];
  const wrong = expected.flatMap(({ topic, type, role }) => {
    const [types, kind] = role === 'serves' ? ([there.services, 'srv'] as const) : ([there.topics, 'msg'] as const);
    const met = longType(types.get(topic) ?? '', kind);
    return met === '' || met === type ? [] : [fail(topic, `is ${met}, the config says ${type}`, NEXT[role])];
  });
  const met = expected.filter(({ topic, role }) => (role === 'serves' ? there.services : there.topics).get(topic));
  return wrong.length > 0
    ? wrong
    : [
        ok(
          'rosapi',
          `${met.length} of ${expected.length} topics and services of the run are there, types as in the config`,
        ),
      ];
}

/**
 * Words for who hears each topic that the robot must hear, where none of the robot's nodes does; empty where one does. A topic of
 * which rosapi does not tell is left out. To be asked before we subscribe there ourselves.
 */
export async function listenersThere(expected: readonly Expected[], bridge: Bridge): Promise<Map<string, string>> {
  const told = await Promise.all(
    expected
      .filter(({ role }) => role === 'follows')
      .map(async ({ topic }) => [topic, (await listenersOf(topic, asking(bridge)))?.missing ?? null] as const),
  );
  return new Map(told.filter((one): one is readonly [string, string] => one[1] !== null));
}

/** A bridge takes what is published, whether anybody hears it or not. */
export function listenerChecks(expected: readonly Expected[], missing: ReadonlyMap<string, string>): Check[] {
  const unheard = expected.flatMap(({ topic, type }) => {
    const who = missing.get(topic) ?? '';
    if (who === '') return [];
    const next =
      'Start the controller or driver that takes it, or correct the name in the run file (`robot.topics`, `stiffness_topic`).';
    return [fail(`${topic} listeners`, `is heard by ${who}; the config says ${type}`, next)];
  });
  if (unheard.length > 0 || missing.size === 0) return unheard;
  return [ok('listeners', `${[...missing.keys()].join(' and ')}: somebody hears what we say`)];
}
