import { describe, expect, it } from 'vitest';
import { Commands } from '../../../bridges/rosbridge/commands.ts';
import type { Connection } from '../../../bridges/rosbridge/connection.ts';
import { commandInterface } from '../../../controllers/interfaces/index.ts';
import { withLease } from '../../../controllers/interfaces/lease.ts';
import { robotSchema } from '../../../src/core/config-schema.ts';
import type { SafeAction } from '../../../src/core/signals.ts';

const robot = robotSchema.parse({
  ...{
    name: 'arm',
    interface: { type: 'joint_velocity', message: 'joint_trajectory', trajectory: { positions: true } },
    topics: { command: '/command' },
  },
  joints: [{ name: 'elbow', position: [-2, 2], velocity: 2, acceleration: 10, jerk: 5000, effort: 87 }],
});

/** Topics of what went out for a command of a velocity and a position. */
function sent(velocity: number, position: number, seq = 1): [refused: string | null, topics: string[]] {
  const topics: string[] = [];
  const send = ({ topic }: { topic: string }) => topics.push(topic) > 0;
  const connection = { ros: {}, unsentBytes: 0, acknowledged: true, send } as unknown as Connection;
  const commands = new Commands(connection, withLease(commandInterface(robot).codec, '/lease'));
  const numbers = { setpoint: Float64Array.of(velocity), reach: Float64Array.of(position) };
  const action = { ...numbers, epoch: 1, seq, leaseMs: 100, expiresNs: 1 } as unknown as SafeAction;
  return [commands.send(action, 0, 2), topics];
}

describe('every number of a command', () => {
  it('is finite, or nothing of it goes out, not what goes before it either', () => {
    expect(sent(0.5, 0.1)).toEqual([null, ['/lease', '/command']]);
    expect(sent(Number.NaN, 0.1)).toEqual(['not_finite', []]);
    // The setpoint is well, the positions beside it are not; and then the message before it.
    expect(sent(0.5, Number.NaN)).toEqual(['not_finite', []]);
    expect(sent(0, Number.NEGATIVE_INFINITY)).toEqual(['not_finite', []]);
    expect(sent(0.5, 0.1, Number.NaN)).toEqual(['not_finite', []]);
  });
});
