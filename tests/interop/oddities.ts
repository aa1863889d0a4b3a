/**
 * What peers were seen or reported to do that a good peer would not, or that surprises, by the side of ours that meets it:
 * servers for our client, clients for our server, viewers for the live view. A row says what we do, and under which
 * counter and report it is found. The tests that play it say so by `plays` (played.ts); the tables are made of both.
 *
 * `counted`: a counter of the bridge, a kind of refusal of a server, or null for what is no fault and costs nothing.
 * `said`: the code of the error that is logged once, or the cause of the stop; the servers log by kind, once for each client.
 */
export interface Oddity {
  readonly peer: string;
  readonly ours: string;
  readonly counted: Counter | null;
  readonly said?: string;
}

/** Where each counter stands in /diagnostics: the part, and the value in it (of each server of ours). */
export const SHOWN = {
  malformed: ['bridge', 'malformed'],
  unexpected: ['bridge', 'unexpected'],
  lost: ['bridge', 'connections lost'],
  unreached: ['bridge', 'connections not made'],
  callsFailed: ['bridge', 'calls failed'],
  silent: ['bridge', 'topics silent'],
  mismatched: ['bridge', 'types mismatched'],
  refused: ['ros', 'operations refused'],
  dropped: ['ros', 'dropped by our server', 'dropped for viewers'],
  'graph.dropped': ['ros', "dropped on the robot's graph"],
  turnedAway: ['ros', 'clients turned away'],
  'takeover.refused': ['takeover', 'refused'],
  'refused of send': ['bridge', 'commands refused'],
} as const satisfies Record<string, readonly [part: string, ...values: string[]]>;
/** `refused.KIND` is one kind of what `refused` counts, and stands beside it. */
export type Counter = keyof typeof SHOWN | `refused.${string}`;

const MALFORMED = { counted: 'malformed', said: 'RA_MESSAGE_MALFORMED' } as const;
const UNEXPECTED = { counted: 'unexpected', said: 'RA_BRIDGE_UNEXPECTED' } as const;
const TYPE = { counted: 'mismatched', said: 'RA_TOPIC_TYPE' } as const;
const DIALECT = { counted: 'mismatched', said: 'RA_CONFIG_INVALID' } as const;
const SILENT = { counted: 'silent', said: 'RA_TOPIC_SILENT' } as const;
const NO_FAULT = { counted: null } as const;

const client = {
  'refusal.type': {
    peer: 'refuses another type without a word',
    ours: 'rosapi is asked; a fault while it lasts',
    ...TYPE,
  },
  'refusal.package': { peer: 'lacks our package, without a word', ours: 'nothing of it is said there', ...TYPE },
  'refusal.nan': { peer: 'drops a command with `null` for NaN', ours: 'it is not sent', counted: 'refused of send' },
  'silence.nobody': { peer: 'has nobody who publishes a topic', ours: 'asked of rosapi at each connection', ...SILENT },
  'silence.unheard': {
    peer: 'has nobody who hears our commands or our stop',
    ours: 'a fault until somebody does',
    ...SILENT,
  },
  'silence.qos': {
    peer: 'never delivers (QoS, `cbor` of a type)',
    ours: 'subscribed anew; a fault meanwhile',
    ...SILENT,
  },
  'silence.topic': { peer: 'stops one topic while others go on', ours: 'that one is subscribed anew', ...SILENT },
  'silence.all': { peer: 'answers pings and sends no states', ours: 'a fresh connection, once', counted: 'lost' },
  'rosapi.none': { peer: 'has no rosapi', ours: 'works on, unverified', ...SILENT },
  'dialect.other': { peer: 'spells times as the other ROS', ours: 'read; a fault while it lasts', ...DIALECT },
  'dialect.untold': {
    peer: 'does not tell its ROS version',
    ours: 'link stays down, asked again',
    said: DIALECT.said,
    counted: 'mismatched',
  },
  'number.nan': { peer: 'writes `null`, `NaN`, `Infinity`', ours: 'all are NaN, never 0', ...NO_FAULT },
  'number.int64': { peer: 'sends integers beyond 2^53', ours: 'read exactly', ...NO_FAULT },
  'frame.several': { peer: 'puts several objects in one frame', ours: 'each is read', ...NO_FAULT },
  'frame.broken': { peer: 'breaks its JSON off, then goes on', ours: 'the next frame is read', ...MALFORMED },
  'frame.no_json': { peer: 'sends what is no operation', ours: 'dropped', ...MALFORMED },
  'frame.cbor': { peer: 'sends broken CBOR', ours: 'dropped', ...MALFORMED },
  'frame.png': { peer: 'sends broken pictures, or nests them', ours: 'dropped', ...MALFORMED },
  'frame.packed': { peer: 'packs JSON in pictures, CBOR or binary frames', ours: 'unpacked, one form', ...NO_FAULT },
  'frame.shape': { peer: 'sends a message of another shape', ours: 'dropped, field named', ...MALFORMED },
  'frame.huge': { peer: 'sends 10 MB in one frame', ours: 'reconnects ever more slowly', counted: 'lost' },
  'frame.protocol': { peer: 'breaks the websocket protocol', ours: 'a fresh connection', counted: 'lost' },
  'fragment.order': { peer: 'sends fragments in any order, id 0, total 3.725', ours: 'joined by number', ...NO_FAULT },
  'fragment.broken': { peer: 'sends fragments that make no message', ours: 'dropped', ...MALFORMED },
  'fragment.missing': { peer: 'never sends one of the fragments', ours: 'given up after 1 s', ...MALFORMED },
  'op.unknown': { peer: 'sends ops, calls and goals not for us', ours: 'goes nowhere', ...UNEXPECTED },
  'frame.bomb': { peer: 'sends a picture that swells to megabytes', ours: 'dropped unpacked', ...MALFORMED },
  'frame.escaped': { peer: 'escapes `/`, writes `1.0` and `nsec`', ours: 'read', ...NO_FAULT },
  'message.bytes': { peer: 'sends bytes as base64 that is none', ours: 'dropped', ...MALFORMED },
  'message.twice': { peer: 'sends a latched message twice', ours: 'each is passed on', ...NO_FAULT },
  'answer.late': { peer: 'answers too late, or what nobody asked', ours: 'goes nowhere', ...UNEXPECTED },
  'answer.order': { peer: 'answers calls in another order', ours: 'matched by id', ...NO_FAULT },
  'answer.never': {
    peer: 'never answers a call',
    ours: 'fails after its time',
    counted: 'callsFailed',
    said: 'RA_SERVICE_TIMEOUT',
  },
  'answer.blocks': { peer: 'stops reading during a call', ours: 'calls have their own connection', ...NO_FAULT },
  'bulky.stuck': {
    peer: 'gets stuck amid a big message of a bulky topic',
    ours: 'states and commands have their own connections',
    ...NO_FAULT,
  },
  'words.flood': { peer: 'floods us with status', ours: 'quoted once', ...UNEXPECTED },
  'answer.failed': {
    peer: 'answers a call with an error, or with no result',
    ours: 'that call fails, with its words',
    counted: 'callsFailed',
    said: 'RA_SERVICE_FAILED',
  },
  'answer.cut': {
    peer: 'ends the connection amid a call',
    ours: 'fails at once',
    counted: 'callsFailed',
    said: 'RA_SERVICE_FAILED',
  },
  'reader.stalled': { peer: 'does not read our commands', ours: 'refused while one waits', counted: 'refused of send' },
  'reader.graph': {
    peer: 'does not read what is on its graph',
    ours: 'dropped, states go on',
    counted: 'graph.dropped',
  },
  'link.half_open': {
    peer: 'is half open: no answer to pings',
    ours: 'no command; let go',
    counted: 'refused of send',
  },
  'link.mute': { peer: 'has never answered a ping', ours: 'gets no command', counted: 'refused of send' },
  'link.restart': { peer: 'restarts amid commands', ours: 'none of before arrives after', counted: 'refused of send' },
  'link.commands': { peer: 'cuts the connection of commands', ours: 'link down, states still come', counted: 'lost' },
  'link.states': { peer: 'cuts the connection of states', ours: 'no command goes out blind', counted: 'lost' },
  'link.side': {
    peer: 'cuts the one for services or graph',
    ours: 'calls fail; a fault',
    counted: 'lost',
    said: 'RA_BRIDGE_LOST',
  },
  'link.dropped': { peer: 'takes us and drops us, again and again', ours: 'ever more slowly', counted: 'lost' },
  'link.http': {
    peer: 'answers with HTTP, or no HTTP',
    ours: 'tried for ever, said each 10 s',
    counted: 'unreached',
    said: 'RA_BRIDGE_UNREACHABLE',
  },
  'link.mute_handshake': {
    peer: 'takes the connection and never answers',
    ours: 'given up after 2 s',
    counted: 'unreached',
    said: 'RA_BRIDGE_UNREACHABLE',
  },
  'memory.late': { peer: 'keeps commands for who comes late', ours: 'depth 1, volatile', ...NO_FAULT },
  'states.backlog': {
    peer: 'sends all late states at once',
    ours: 'none is fresh: stop',
    counted: null,
    said: 'stamp_skew',
  },
  'moving.half_open': {
    peer: 'is half open while we move, then flows',
    ours: 'stop, backlog moves nothing',
    counted: null,
    said: 'state_stale',
  },
  'moving.restart': { peer: 'restarts while we move', ours: 'stop, new epoch', counted: null, said: 'STOPPING' },
  'moving.outage': {
    peer: 'is gone for 10 s while we move',
    ours: 'robot holds, 0 old commands',
    counted: null,
    said: 'deadman',
  },
  'command.replayed': {
    peer: 'replays an old command of ours',
    ours: 'robot refuses, stop',
    counted: null,
    said: 'echo_mismatch',
  },
  'link.away': {
    peer: 'is not there',
    ours: 'tried for ever, said each 10 s',
    counted: 'unreached',
    said: 'RA_BRIDGE_UNREACHABLE',
  },
} as const satisfies Record<string, Oddity>;

const server = {
  'op.unknown': {
    peer: 'sends an op of nobody, or none',
    ours: 'refused; status at will',
    counted: 'refused.unknown_op',
  },
  'frame.broken': {
    peer: 'breaks its JSON off, then goes on',
    ours: 'the next frame is read',
    counted: 'refused.not_json',
  },
  'frame.no_operation': { peer: 'sends numbers, lists, `null`', ours: 'refused', counted: 'refused.not_an_operation' },
  'frame.several': { peer: 'puts several objects in one frame', ours: 'each is carried out', ...NO_FAULT },
  'frame.binary_text': { peer: 'sends JSON in a binary frame', ours: 'carried out', ...NO_FAULT },
  'frame.huge': { peer: 'sends a byte more than 10 MB', ours: 'its connection ends', counted: 'refused.oversized' },
  'frame.protocol': {
    peer: 'breaks the websocket protocol',
    ours: 'its connection ends',
    counted: 'refused.bad_frame',
  },
  'fragment.order': { peer: 'sends fragments out of order, id 0', ours: 'joined by number', ...NO_FAULT },
  'fragment.broken': { peer: 'sends fragments without sense', ours: 'refused', counted: 'refused.bad_fragment' },
  'fragment.missing': {
    peer: 'never sends the last fragment',
    ours: 'given up after 10 s',
    counted: 'refused.bad_fragment',
  },
  'fragment.flood': { peer: 'begins messages without end', ours: 'bounded at 16', counted: 'refused.bad_fragment' },
  'png.broken': { peer: 'sends a picture of nothing, or nested', ours: 'refused', counted: 'refused.bad_png' },
  'number.nan': { peer: 'writes `NaN` and `Infinity`', ours: 'passed on as `null`', ...NO_FAULT },
  'number.int64': { peer: 'sends integers beyond 2^53', ours: 'digits are kept', ...NO_FAULT },
  'message.bytes': { peer: 'sends bytes as list or base64', ours: 'passed on as base64', ...NO_FAULT },
  'message.stamp': { peer: 'sends no stamp, `now`, or that of ROS 1', ours: 'filled up, respelt', ...NO_FAULT },
  'message.number': {
    peer: 'publishes `true` for a number, 1.5 for an integer',
    ours: 'refused whole',
    counted: 'refused.bad_message',
  },
  'encoding.unknown': {
    peer: 'wants `cbor-raw` of a type nobody knows',
    ours: 'refused',
    counted: 'refused.bad_field',
  },
  'op.auth': { peer: 'sends `auth` where there is none to ask for', ours: 'nothing', ...NO_FAULT },
  'message.shape': {
    peer: 'publishes text for numbers, fields of nobody',
    ours: 'refused whole',
    counted: 'refused.bad_message',
  },
  'message.deep': { peer: 'nests a message without end', ours: 'refused', counted: 'refused.bad_message' },
  'type.conflict': { peer: 'advertises another type for a topic', ours: 'refused', counted: 'refused.type_conflict' },
  'type.spelling': { peer: 'uses both spellings of a type', ours: 'one topic', ...NO_FAULT },
  'topic.unknown': { peer: 'publishes on a topic without a type', ours: 'refused', counted: 'refused.unknown_name' },
  'topic.forged': {
    peer: 'publishes the mode, lease or clock of the daemon',
    ours: 'refused, nobody hears it',
    counted: 'refused.not_allowed',
  },
  'field.odd': { peer: 'asks for rates and sizes that are none', ours: 'refused', counted: 'refused.bad_field' },
  'call.unknown': { peer: 'calls a service of nobody, or without id', ours: 'answered as failed', ...NO_FAULT },
  'call.type': { peer: 'calls a service by another type', ours: 'called all the same; status at will', ...NO_FAULT },
  'call.arguments': {
    peer: 'calls with more arguments than there are',
    ours: 'answered as failed',
    counted: 'refused.bad_message',
  },
  'goal.broken': { peer: 'sends goals that cannot be, without end', ours: 'answered as failed', counted: 'refused' },
  'goal.status': { peer: 'ends a goal with a status of nobody', ours: 'unknown, or aborted', ...NO_FAULT },
  'control.size': {
    peer: 'asks for fragments of no size in any operation',
    ours: 'refused, nothing changes',
    counted: 'refused.bad_field',
  },
  'control.sleep': { peer: 'asks us to sleep after each frame', ours: 'nobody sleeps; status at will', ...NO_FAULT },
  'subscribe.untyped': {
    peer: 'subscribes what nobody publishes, without a type',
    ours: 'gets it once somebody does',
    ...NO_FAULT,
  },
  'answer.unasked': { peer: 'answers calls that nobody made', ours: 'refused', counted: 'refused.unknown_name' },
  'subscribe.twice': { peer: 'subscribes a topic twice', ours: 'one copy', ...NO_FAULT },
  'names.flood': {
    peer: 'takes topics and services without end',
    ours: 'bounded at 200 and 100',
    counted: 'refused.limit',
  },
  'reader.stalled': { peer: 'does not read', ours: 'loses its own, others nothing', counted: 'dropped' },
  'reader.bytes': { peer: 'asks for long queues and does not read', ours: '8 MB wait at most', counted: 'dropped' },
  'reader.answers': { peer: 'reads not even the answers to its calls', ours: 'let go', counted: 'refused.stalled' },
  'link.half_open': { peer: 'is half open, or speaks no HTTP', ours: 'let go', counted: 'refused.silent' },
  'link.many': { peer: 'comes with more clients than allowed', ours: 'closed with a reason', counted: 'turnedAway' },
  'answer.never': { peer: 'offers a service and calls it, unanswered', ours: 'fails after its time', ...NO_FAULT },
  'link.rapid': { peer: 'comes and goes, amid what it says', ours: 'all is forgotten', ...NO_FAULT },
  'takeover.replay': {
    peer: 'replays takeovers made while away',
    ours: 'each refused',
    counted: 'takeover.refused',
    said: 'stale',
  },
  'link.stranger': {
    peer: 'is a foreign page that knocks for ever',
    ours: 'turned away, said each 10 s',
    counted: 'turnedAway',
  },
  'load.others': { peer: 'loads twenty topics while another one joins', ours: 'it hears every beat', ...NO_FAULT },
  'link.forgets': {
    peer: 'offers its services no more after a cut (roslib)',
    ours: 'calls of them fail at once',
    ...NO_FAULT,
  },
  'link.halves': {
    peer: 'has half of a topic back after a cut (roslib)',
    ours: 'rosapi tells which',
    ...NO_FAULT,
  },
  'link.replay': {
    peer: 'replays what it published while away (roslib)',
    ours: 'passed on to who listens',
    ...NO_FAULT,
  },
  'everything.at_once': { peer: 'does all of it a hundred times', ours: 'others miss nothing', counted: 'refused' },
} as const satisfies Record<string, Oddity>;

const foxglove = {
  'op.unknown': { peer: 'sends an op or opcode of nobody', ours: 'status', counted: 'refused.unknown_op' },
  'frame.broken': { peer: 'sends text that is no JSON', ours: 'status', counted: 'refused.not_json' },
  'frame.empty': { peer: 'sends an empty frame', ours: 'status', counted: 'refused.bad_frame' },
  'frame.huge': { peer: 'sends more than the bound', ours: 'its connection ends', counted: 'refused.oversized' },
  'frame.protocol': {
    peer: 'breaks the websocket protocol',
    ours: 'its connection ends',
    counted: 'refused.bad_frame',
  },
  'subscribe.unknown': { peer: 'asks for channels that are not there', ours: 'status', counted: 'refused.unknown_id' },
  'subprotocol.other': { peer: 'speaks another subprotocol', ours: 'not let in', counted: 'turnedAway' },
  'message.broken': { peer: 'publishes what is no message', ours: 'status', counted: 'refused.bad_message' },
  'publish.forbidden': { peer: 'publishes where it may not', ours: 'status', counted: 'refused.not_allowed' },
  'call.broken': { peer: 'calls without sense, and without end', ours: 'answered as failed', counted: 'refused' },
  'subscribe.twice': { peer: 'subscribes twice', ours: 'warning, the first stays', counted: 'refused.redundant' },
  'reader.stalled': { peer: 'does not read', ours: 'newest of each channel waits', counted: 'dropped' },
  'reader.status': { peer: 'reads not even what it must know', ours: 'let go', counted: 'refused.stalled' },
  'link.many': { peer: 'comes with more viewers than allowed', ours: 'closed with a reason', counted: 'turnedAway' },
  'link.half_open': { peer: 'answers no ping', ours: 'let go', counted: 'refused.silent' },
} as const satisfies Record<string, Oddity>;

export const ODDITIES = { client, server, foxglove } as const satisfies Record<
  string,
  Readonly<Record<string, Oddity>>
>;
export type OddSide = keyof typeof ODDITIES;
export type OddityOf<S extends OddSide> = keyof (typeof ODDITIES)[S] & string;
