/**
 * ROS 1 and ROS 2 spell types and times differently, and say nothing when they are spelt wrongly: a ROS 1 server
 * silently replaces `{sec, nanosec}` by now. Everything inside speaks ROS 2; this file respells at the edge.
 */
export type RosVersion = 1 | 2;

/** `pkg/msg/Type` for ROS 2, `pkg/Type` for ROS 1. */
export function spellType(type: string, version: RosVersion): string {
  const parts = type.split('/');
  if (version === 1 && parts.length === 3) return `${parts[0]}/${parts[2]}`;
  if (version === 2 && parts.length === 2) return `${parts[0]}/msg/${parts[1]}`;
  return type;
}

/** A message for the wire. ROS 2 goes out as it is; for ROS 1 times are respelt and headers get their `seq`. */
export function spellOutgoing(message: unknown, version: RosVersion): unknown {
  if (version === 2 || typeof message !== 'object' || message === null) return message;
  if (Array.isArray(message)) return message.map((m) => spellOutgoing(m, version));
  const source = message as Record<string, unknown>;
  if (isTime(source)) return { secs: source.sec, nsecs: source.nanosec };
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) out[key] = spellOutgoing(value, version);
  if ('stamp' in out && 'frame_id' in out) out.seq = 0;
  return out;
}

const isTime = (m: Record<string, unknown>) => 'sec' in m && 'nanosec' in m && Object.keys(m).length === 2;

/** Respells the times of a received message in place: `{secs, nsecs}` and `{sec, nsec}` become `{sec, nanosec}`. */
export function spellIncoming(message: Record<string, unknown>): void {
  const header = message.header as Record<string, unknown> | null | undefined;
  if (typeof header === 'object' && header !== null) {
    respell(header, 'stamp');
    delete header.seq;
  }
  for (const key of ['clock', 'state_stamp'] as const) if (key in message) respell(message, key);
}

function respell(holder: Record<string, unknown>, key: string): void {
  const t = holder[key] as Record<string, unknown> | null | undefined;
  if (typeof t !== 'object' || t === null || 'nanosec' in t) return;
  const sec = t.secs ?? t.sec;
  const nanosec = t.nsecs ?? t.nsec;
  if (sec !== undefined && nanosec !== undefined) holder[key] = { sec, nanosec };
}
