import type { Command, CommandEncoder, SafeAction } from '../../src/core/signals.ts';

const TYPE = 'std_msgs/msg/UInt64MultiArray';
const LABEL = 'epoch, seq, lease_us';

/**
 * A heartbeat on a topic of its own, just before each command: `[epoch, seq, lease in µs]` as `std_msgs/UInt64MultiArray`,
 * which every ROS knows. Most robots' own messages carry none of the three. With it a receiver near such a robot can hold
 * when we fall silent, and know an old command, without our messages (controllers/safety/README.md, Receiver contract).
 * It comes from the process and over the connection that commands, and with commands only: where nothing is
 * commanded, none is.
 */
export function withLease(encoder: CommandEncoder, topic: string): CommandEncoder {
  return {
    topic: encoder.topic,
    type: encoder.type,
    besides: [{ topic, type: TYPE, optional: true }, ...(encoder.besides ?? [])],
    encode(action: SafeAction): Command {
      const command = encoder.encode(action);
      const lease = { topic, type: TYPE, message: leaseMessage(action.epoch, action.seq, action.leaseMs) };
      return { ...command, before: command.before === undefined ? [lease] : [lease, ...command.before] };
    },
  };
}

/** The heartbeat of the command with this epoch and sequence. */
export const leaseMessage = (epoch: number, seq: number, leaseMs: number) => ({
  layout: { dim: [{ label: LABEL, size: 3, stride: 3 }], data_offset: 0 },
  data: [epoch, seq, Math.round(leaseMs * 1000)],
});
