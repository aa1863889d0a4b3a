import type { RunConfig } from '../../../core/config-schema.ts';
import { type Aim, judge } from '../aims.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from '../rows.ts';
import { medianOf, OUT, RELAY_RATIO, ratio } from './aims.ts';
import { heapOver, MILLION } from './flat.ts';
import { Relay, type RelayName } from './relay.ts';
import { readByRoslib } from './roslib-reader.ts';

const NAMES: readonly RelayName[] = ['ours', 'ws'];
const RATES = [100, 500, 1000, 2000];
const TURN_MS = 400;
const ROUNDS = 5;
/** Listeners of the throughput case, and messages of one sample of it. */
const LISTENERS = 4;
const FLOOD = 10_000;
const OUT_CASE = `relay to ${LISTENERS}, out`;
const ROSLIB_HZ = 500;
const ALONE = 'relay at 500 Hz, alone';
const FROZEN = 'relay at 500 Hz, beside a frozen client';

/**
 * Our server between a talker and its listeners, in turns with a bare `ws` relay that looks at nothing: how long a
 * 7-joint JointState takes from the one to the other, how many a second go out to four, and what a million leave behind
 * in the server; and the same with a stock roslib client as the listener of both. A frozen listener beside a healthy one is a case of its own.
 */
export async function benchServer(
  _config: RunConfig,
  { samples = ROUNDS }: BenchOptions,
  million = MILLION,
): Promise<Outcome> {
  const relays = await Promise.all(NAMES.map((name) => Relay.start(name)));
  try {
    const rows = [...(await latency(relays, samples)), ...(await throughput(relays, samples))];
    const ours = relays[0]!;
    rows.push(...(await readers(relays, samples)), ...(await besideFrozen(ours, samples)));
    // Fewer rounds than the claim is of are a look, not a test.
    const verdict = judge(aimsOf(rows), samples >= ROUNDS);
    const memory = await ours.with(1, (group) =>
      heapOver(
        'server_heap_after_gc',
        million,
        (count) => group.flood(count),
        () => ours.heapBytes(),
      ),
    );
    return {
      results: [...rows, memory.row],
      notes: [...verdict.notes, ...memory.notes],
      failed: verdict.failed || memory.failed,
    };
  } finally {
    for (const relay of relays) await relay.close();
  }
}

const relayCase = (hz: number) => `relay at ${hz} Hz`;

function aimsOf(rows: readonly Row[]): Aim[] {
  const relays = RATES.map((hz) => ({
    ...{ what: `server, ${relayCase(hz)}, p50`, value: ratio(rows, relayCase(hz), 'ws') },
    ...{ unit: 'times a bare ws relay', atMost: RELAY_RATIO },
  }));
  const out = medianOf(rows, OUT_CASE, 'ours');
  const frozen = {
    ...{ what: `server, ${FROZEN}, p50`, value: medianOf(rows, FROZEN, 'ours') / medianOf(rows, ALONE, 'ours') },
    ...{ unit: 'times alone', atMost: RELAY_RATIO },
  };
  return [...relays, { what: `server, ${OUT_CASE}`, value: out, unit: 'messages/s', atLeast: OUT }, frozen];
}

async function latency(relays: readonly Relay[], rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const hz of RATES) {
    const all = relays.map((): number[] => []);
    for (let round = 0; round <= rounds; round++)
      for (const [i, relay] of relays.entries()) {
        const ms = await relay.with(1, (group) => group.pace(hz, Math.ceil((hz * TURN_MS) / 1000)));
        // The first turn warms up code and sockets.
        if (round > 0) all[i]!.push(...ms);
      }
    for (const [i, relay] of relays.entries()) rows.push(rowOf(relayCase(hz), relay.name, 'ms', all[i]!));
  }
  return rows;
}

async function throughput(relays: readonly Relay[], rounds: number): Promise<Row[]> {
  const all = relays.map((): number[] => []);
  for (let round = 0; round <= rounds; round++)
    for (const [i, relay] of relays.entries()) {
      const ms = await relay.with(LISTENERS, (group) => group.flood(FLOOD));
      if (round > 0) all[i]!.push((FLOOD * LISTENERS * 1000) / ms);
    }
  return relays.map((relay, i) => rowOf(OUT_CASE, relay.name, 'messages/s', all[i]!));
}

/** What roslib makes of our server, and of the bare relay. */
async function readers(relays: readonly Relay[], rounds: number): Promise<Row[]> {
  const all = relays.map((): number[] => []);
  for (let round = 0; round <= rounds; round++)
    for (const [i, relay] of relays.entries()) {
      const ms = await readByRoslib(relay.url, ROSLIB_HZ, Math.ceil((ROSLIB_HZ * TURN_MS) / 1000));
      if (round > 0) all[i]!.push(...ms);
    }
  return relays.map((relay, i) => rowOf(`relay at ${ROSLIB_HZ} Hz, read by roslib`, relay.name, 'ms', all[i]!));
}

/** The latency of a healthy listener by itself, and beside one that has stopped to read, in turns. */
async function besideFrozen(ours: Relay, rounds: number): Promise<Row[]> {
  const all: [string, boolean, number[]][] = [
    [ALONE, false, []],
    [FROZEN, true, []],
  ];
  for (let round = 0; round <= rounds; round++)
    for (const [, frozen, found] of all) {
      const ms = await ours.with(frozen ? 2 : 1, async (group) => {
        // Until its socket is full and the server holds what it may for it.
        if (frozen) await group.freeze();
        return group.pace(500, Math.ceil((500 * TURN_MS) / 1000));
      });
      if (round > 0) found.push(...ms);
    }
  return all.map(([name, , found]) => rowOf(name, 'ours', 'ms', found));
}
