/**
 * What the tables have a row for.
 *
 * Every op and option of rosbridge v2 that a peer may meet, as `op` or `op.option`, in the order of the table. A value
 * says that a side does not take part, and why: `null` means it does. Where the protocol is one-sided, the other side is
 * left out of its table.
 */
interface Applies {
  readonly server: string | null;
  readonly client: string | null;
}
const both: Applies = { server: null, client: null };
const serverOnly: Applies = { server: null, client: 'not sent' };
const noGoals: Applies = { server: null, client: 'no goals sent' };

export const ROSBRIDGE = {
  advertise: both,
  'advertise.latch': both,
  'advertise.queue_size': both,
  'advertise.qos': both,
  unadvertise: { server: null, client: 'its connection ends' },
  publish: both,
  'publish.latch': serverOnly,
  'publish.qos': serverOnly,
  'publish.stamp': both,
  'publish.nan': both,
  'publish.int64': both,
  'publish.uint8[]': both,
  subscribe: both,
  'subscribe.id': { server: null, client: 'one subscription a topic' },
  'subscribe.type': both,
  'subscribe.throttle_rate': both,
  'subscribe.queue_length': both,
  'subscribe.fragment_size': both,
  'subscribe.compression.none': both,
  'subscribe.compression.png': both,
  'subscribe.compression.cbor': both,
  'subscribe.compression.cbor-raw': both,
  'subscribe.qos': both,
  unsubscribe: both,
  'unsubscribe.id': { server: null, client: 'one subscription a topic' },
  call_service: both,
  'call_service.args': both,
  'call_service.args.list': { server: null, client: 'by name only' },
  'call_service.type': both,
  'call_service.timeout': both,
  'call_service.fragment_size': { server: null, client: 'not sent' },
  'call_service.compression.png': { server: null, client: 'not sent' },
  'call_service.compression.cbor': serverOnly,
  service_response: both,
  'service_response.failure': both,
  advertise_service: both,
  unadvertise_service: { server: null, client: 'its connection ends' },
  advertise_action: { server: null, client: 'offers none' },
  unadvertise_action: { server: null, client: 'offers none' },
  send_action_goal: noGoals,
  'send_action_goal.action_type': noGoals,
  'send_action_goal.args': noGoals,
  'send_action_goal.feedback': noGoals,
  'send_action_goal.fragment_size': noGoals,
  'send_action_goal.compression.png': noGoals,
  'send_action_goal.compression.cbor': noGoals,
  cancel_action_goal: noGoals,
  action_feedback: noGoals,
  action_result: noGoals,
  'action_result.status': noGoals,
  'action_result.failure': noGoals,
  'fragment.in': both,
  'fragment.total': both,
  'fragment.out': { server: null, client: 'commands are small' },
  'png.in': both,
  'png.parts': { server: 'only servers send them, and ours none', client: null },
  'png.out': { server: null, client: 'commands are small' },
  id: both,
  'control.fragment_size': { server: null, client: 'by subscription' },
  'control.message_intervall': { server: 'told so: it would make all that goes out old', client: 'not sent' },
  'control.png': { server: 'rosbridge_suite reads it and does nothing', client: 'not sent' },
  set_level: serverOnly,
  status: both,
  auth: { server: null, client: 'by token only' },
  'auth.token': both,
  origin: serverOnly,
  allow_lists: serverOnly,
  tls: both,
  'frame.several_objects': both,
  'frame.binary_text': both,
  'frame.malformed': both,
  'frame.oversized': both,
  'rosapi.topics': { server: null, client: 'not asked' },
  'rosapi.types': both,
  'rosapi.raw_types': { server: null, client: 'not asked' },
  'rosapi.nodes': both,
  'rosapi.services': both,
  'rosapi.actions': { server: null, client: 'not asked' },
  'rosapi.params': { server: null, client: 'not asked' },
  'rosapi.time': both,
  'rosapi.message_details': both,
  'rosapi.service_details': { server: null, client: 'not asked' },
  ros_version: both,
  'http.get': { server: null, client: 'not asked' },
  rosout: serverOnly,
  clock: both,
  ping: both,
  half_open: both,
  slow_peer: both,
  reconnect: both,
} as const satisfies Record<string, Applies>;

/** Every op and option of the Foxglove websocket protocol, for a server; a value says why it is not carried out. */
export const FOXGLOVE = {
  subprotocol: null,
  serverInfo: null,
  advertise: null,
  'advertise.ros2msg': null,
  'advertise.json': null,
  unadvertise: null,
  subscribe: null,
  unsubscribe: null,
  messageData: null,
  time: null,
  status: null,
  removeStatus: null,
  getParameters: null,
  setParameters: null,
  subscribeParameterUpdates: null,
  unsubscribeParameterUpdates: null,
  advertiseServices: null,
  unadvertiseServices: 'ours stay',
  serviceCall: null,
  serviceCallFailure: null,
  subscribeConnectionGraph: null,
  unsubscribeConnectionGraph: null,
  'client.advertise': null,
  'client.unadvertise': null,
  'client.messageData': null,
  'client.messageData.json': null,
  'client.messageData.cdr': null,
  fetchAsset: 'there are none',
  playbackControl: 'it is live',
  origin: null,
  token: null,
  tls: null,
  allow_lists: null,
  'frame.malformed': null,
  'frame.oversized': null,
  unknown_op: null,
  ping: null,
  slow_peer: null,
} as const satisfies Record<string, string | null>;

/** What is asked of each side, and why not where something is not. */
export const FEATURES = {
  server: sideOf('server'),
  client: sideOf('client'),
  foxglove: FOXGLOVE,
} as const satisfies Record<string, Readonly<Record<string, string | null>>>;

export type Side = keyof typeof FEATURES;
export type Feature<S extends Side> = keyof (typeof FEATURES)[S];

function sideOf(side: keyof Applies): Readonly<Record<keyof typeof ROSBRIDGE, string | null>> {
  const entries = Object.entries<Applies>(ROSBRIDGE).map(([feature, applies]) => [feature, applies[side]]);
  return Object.fromEntries(entries) as Record<keyof typeof ROSBRIDGE, string | null>;
}
