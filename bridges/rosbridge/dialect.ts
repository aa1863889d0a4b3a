/**
 * ROS 1 and ROS 2 spell types and times differently, and say nothing when they are spelt wrongly: a ROS 1 server
 * silently replaces `{sec, nanosec}` by now. Everything inside speaks ROS 2; this file respells at the edge.
 */
export type RosVersion = 1 | 2;

type Fields = Record<string, unknown>;

/** A message may be nested so deep; what lies deeper is left as it came. */
const MAX_DEPTH = 16;

const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null;

/** `pkg/msg/Type` (or `pkg/srv/Type`) for ROS 2, `pkg/Type` for ROS 1. */
export function spellType(type: string, version: RosVersion, kind: 'msg' | 'srv' = 'msg'): string {
  const parts = type.split('/');
  if (version === 1 && parts.length === 3) return `${parts[0]}/${parts[2]}`;
  if (version === 2 && parts.length === 2) return `${parts[0]}/${kind}/${parts[1]}`;
  return type;
}

/** A message for the wire. ROS 2 goes out as it is; for ROS 1 times are respelt and headers get their `seq`. */
export function spellOutgoing(message: unknown, version: RosVersion): unknown {
  if (version === 2 || !isFields(message)) return message;
  if (Array.isArray(message)) return message.map((m) => spellOutgoing(m, version));
  if ('sec' in message && 'nanosec' in message && Object.keys(message).length === 2)
    return { secs: message.sec, nsecs: message.nanosec };
  const out: Fields = {};
  for (const key of Object.keys(message)) out[key] = spellOutgoing(message[key], version);
  if ('stamp' in out && 'frame_id' in out) out.seq = 0;
  return out;
}

/**
 * Respells the times of a received message in place: `{secs, nsecs}` and `{sec, nsec}` become `{sec, nanosec}`, and a
 * header loses its `seq`. `flat`: times are only in `header`, `clock` and `state_stamp`, as in all messages of a known
 * shape; others are searched through. Returns the dialect it met, 0 when there was no time to tell by.
 */
export function spellIncoming(message: Fields, flat: boolean): RosVersion | 0 {
  if (!flat) return search(message, 0);
  let met: RosVersion | 0 = 0;
  const { header } = message;
  if (isFields(header)) {
    met = respell(header, 'stamp');
    if ('seq' in header) message.header = { stamp: header.stamp, frame_id: header.frame_id };
  }
  if ('clock' in message) met = respell(message, 'clock') || met;
  if ('state_stamp' in message) met = respell(message, 'state_stamp') || met;
  return met;
}

function respell(holder: Fields, key: string): RosVersion | 0 {
  const t = holder[key];
  if (!isFields(t)) return 0;
  if ('nanosec' in t) return 2;
  if ('secs' in t && 'nsecs' in t) {
    holder[key] = { sec: t.secs, nanosec: t.nsecs };
    return 1;
  }
  if ('sec' in t && 'nsec' in t) {
    holder[key] = { sec: t.sec, nanosec: t.nsec };
    return 2;
  }
  return 0;
}

function search(message: Fields, depth: number): RosVersion | 0 {
  // Pixels and samples: an array of numbers holds no time.
  if (depth > MAX_DEPTH || (Array.isArray(message) && !isFields(message[0]))) return 0;
  let met: RosVersion | 0 = 0;
  for (const key of Object.keys(message)) {
    const value = message[key];
    if (!isFields(value)) continue;
    met = respell(message, key) || search(value, depth + 1) || met;
    if ('seq' in value && 'stamp' in value && 'frame_id' in value)
      message[key] = { stamp: value.stamp, frame_id: value.frame_id };
  }
  return met;
}
