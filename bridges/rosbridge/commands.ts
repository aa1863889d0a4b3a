import type { Command, CommandEncoder, RefusedBecause, SafeAction } from '../../src/core/signals.ts';
import type { Connection } from './connection.ts';
import { type RosVersion, spellOutgoing, spellType } from './dialect.ts';

/**
 * The connection that carries commands and nothing else. What cannot go out now is refused; nothing is kept.
 *
 * The topic is advertised with the shortest memory there is. By default rosbridge publishes to ROS 2 with transient_local
 * durability, a lifespan of a second and a depth of 100: a robot driver that restarts would be given the commands of the
 * second before. Servers that do not know `qos` take the depth from `queue_size`.
 */
export class Commands {
  readonly connection: Connection;
  readonly #encoder: CommandEncoder;

  constructor(connection: Connection, encoder: CommandEncoder) {
    this.connection = connection;
    this.#encoder = encoder;
  }

  advertise(version: RosVersion): void {
    const qos = { history: 'keep_last', depth: 1, reliability: 'reliable', durability: 'volatile' };
    for (const { topic, type } of [this.#encoder, ...(this.#encoder.besides ?? [])])
      this.connection.send({
        op: 'advertise',
        topic,
        type: spellType(type, version),
        latch: false,
        queue_size: 1,
        ...(version === 2 ? { qos } : {}),
      });
  }

  /** Null when it went out. */
  send(action: SafeAction, nowNs: number, version: RosVersion): RefusedBecause | null {
    const { connection } = this;
    if (connection.ros === null) return 'not_connected';
    if (!(nowNs < action.expiresNs)) return 'expired';
    if (connection.unsentBytes > 0) return 'backpressure';
    if (!connection.acknowledged) return 'unacknowledged';
    if (!allFinite(action.setpoint)) return 'not_finite';
    const command = this.#encoder.encode(action);
    const { before = [] } = command;
    // All of it before any of it: what goes out just before a command is half of it.
    if (!before.every(hasFiniteNumbers) || !hasFiniteNumbers(command)) return 'not_finite';
    for (const one of before) if (!this.#publish(one, version)) return 'not_connected';
    return this.#publish(command, version) ? null : 'not_connected';
  }

  #publish({ topic, message }: Command, version: RosVersion): boolean {
    return this.connection.send({ op: 'publish', topic, msg: spellOutgoing(message, version) });
  }
}

/** Every number of it. JSON has no NaN: it would go out as null, and the server would drop the command without a word. */
const hasFiniteNumbers = ({ message }: Command): boolean => allFinite(message);

function allFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  const all: ArrayLike<unknown> = Array.isArray(value) || value instanceof Float64Array ? value : Object.values(value);
  for (let i = 0; i < all.length; i++) if (!allFinite(all[i])) return false;
  return true;
}
