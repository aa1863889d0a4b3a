import type { Decision, OperatorRequest, RobotState, SeenCommand, SentCommand, Takeover } from '../../core/signals.ts';
import { ACTIONS, ENTRY, REFUSALS, REQUESTS, type TickWords } from './entry.ts';
import type { GatePort } from './port.ts';

/** An entry as it lies in an array. */
export interface Entry {
  readonly kind: number;
  readonly at: number;
  readonly size: number;
  readonly values: Float64Array;
}

/** The entries in the first `count` of `values`, in order. @throws RangeError for numbers that are no entries */
export function* entriesIn(values: Float64Array, count = values.length): Generator<Entry> {
  for (let at = 0; at < count; ) {
    const kind = values[at]!;
    const size = values[at + 1]!;
    if (!Number.isInteger(size) || size < 0 || at + 2 + size > count)
      throw new RangeError(`an entry of kind ${kind} that says ${size} numbers, ${count - at - 2} are left`);
    yield { kind, at: at + 2, size, values };
    at += 2 + size;
  }
}

export function readState({ values: v, at }: Entry): RobotState {
  const n = v[at + 3]!;
  let from = at + 4;
  const vector = (size: number) => {
    from += size;
    return v.slice(from - size, from);
  };
  return {
    seq: v[at]!,
    stampNs: v[at + 1]!,
    receivedNs: v[at + 2]!,
    position: vector(n),
    velocity: vector(n),
    effort: vector(n),
    pose: vector(7),
    twist: vector(6),
    wrench: vector(6),
  };
}

export function readDecision({ values: v, at }: Entry): Decision {
  const n = v[at + 6]!;
  const m = v[at + 7 + n]!;
  return {
    epoch: v[at]!,
    seq: v[at + 1]!,
    observationSeq: v[at + 2]!,
    observationStampNs: v[at + 3]!,
    observedNs: v[at + 4]!,
    expiresNs: v[at + 5]!,
    base: v.slice(at + 7, at + 7 + n),
    residual: v.slice(at + 8 + n, at + 8 + n + m),
  };
}

export function readTakeover({ values: v, at }: Entry): Takeover {
  return {
    holder: v[at + 1]!,
    epoch: v[at + 2]!,
    seq: v[at + 3]!,
    commandSeq: v[at + 4]!,
    release: v[at + 5] === 1,
    action: v.slice(at + 7, at + 7 + v[at + 6]!),
  };
}

export function readEcho({ values: v, at }: Entry): SeenCommand {
  const n = v[at + 3]!;
  const setpoint = n < 0 ? null : v.slice(at + 4, at + 4 + n);
  return { epoch: v[at]!, seq: v[at + 1]!, stampNs: v[at + 2]!, setpoint };
}

export function readRequest({ values: v, at }: Entry): OperatorRequest {
  const kind = REQUESTS[v[at + 1]!]!;
  if (kind === 'reset') return { kind, incident: v[at + 2]! };
  if (kind === 'residual_scale' || kind === 'speed_scale') return { kind, value: v[at + 2]! };
  return { kind };
}

export function readSent({ values: v, at }: Entry): SentCommand {
  const sent = v[at] === 1;
  return { sent, refused: REFUSALS[v[at + 1]!] ?? null, epoch: v[at + 2]!, seq: v[at + 3]!, sentNs: v[at + 4]! };
}

export function readTickWords({ values: v, at }: Entry): TickWords {
  return {
    criticLate: v[at + 1] === 1,
    guardAsked: v[at + 2] === 1,
    guardWhat: v[at + 3]!,
    guardValue: v[at + 4]!,
    guardLimit: v[at + 5]!,
    guardNs: v[at + 6]!,
  };
}

function readText(v: Float64Array, at: number): string {
  return String.fromCharCode(...v.subarray(at + 1, at + 1 + v[at]!));
}

/** Makes the call that an entry stands for, on a gate. Ticks, `sent` and births are the caller's: they have results. */
export function makeCall(gate: GatePort, entry: Entry): void {
  const { kind, values: v, at } = entry;
  switch (kind) {
    case ENTRY.boot:
      gate.boot(v[at]!);
      break;
    case ENTRY.state:
      gate.ingestState(readState(entry));
      break;
    case ENTRY.range:
      gate.ingestRange({
        sensor: v[at]!,
        stampNs: v[at + 1]!,
        receivedNs: v[at + 2]!,
        beams: v[at + 3]!,
        invalid: v[at + 4]!,
        count: v[at + 5]!,
        points: v.slice(at + 6, at + 6 + 2 * v[at + 5]!),
      });
      break;
    case ENTRY.source:
      gate.observeSource(v[at]!, v[at + 1]!);
      break;
    case ENTRY.target:
      gate.ingestTarget(v.slice(at + 1, at + 8), v[at]!);
      break;
    case ENTRY.decision:
      gate.ingestDecision(readDecision(entry));
      break;
    case ENTRY.takeover:
      gate.ingestTakeover(readTakeover(entry), v[at]!);
      break;
    case ENTRY.echo:
      gate.ingestEcho(readEcho(entry));
      break;
    case ENTRY.link:
      gate.observeLink(v[at] === 1, v[at + 1]!, v[at + 2]!);
      break;
    case ENTRY.report: {
      const cause = readText(v, at + 2);
      gate.report(cause, readText(v, at + 3 + cause.length), v[at]!, ACTIONS[v[at + 1]!]);
      break;
    }
    case ENTRY.request:
      gate.request(readRequest(entry), v[at]!);
      break;
  }
}
