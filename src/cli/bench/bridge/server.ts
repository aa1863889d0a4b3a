import type { RunConfig } from '../../../core/config-schema.ts';
import { type Aim, judge } from '../aims.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from '../rows.ts';
import { FROZEN_TAIL, medianOf, OUT, RELAY_RATIO, ratio, tailOf } from './aims.ts';
import { MILLION, memoryOver } from './flat.ts';
import { Relay, type RelayName } from './relay.ts';
import { readByRoslib } from './roslib-reader.ts';
import { inTurns, RATES, ROUNDS, statesOf } from './turns.ts';

const NAMES: readonly RelayName[] = ['ours', 'ws'];
/** Listeners of the throughput case, and messages of one sample of it. */
const LISTENERS = 4;
const FLOOD = 10_000;
const OUT_CASE = `relay to ${LISTENERS}, out`;
const FROZEN_HZ = 500;
const ALONE = `relay at ${FROZEN_HZ} Hz, alone`;
const FROZEN = `relay at ${FROZEN_HZ} Hz, beside a frozen client`;

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
      memoryOver(
        'server_',
        million,
        (count) => group.flood(count),
        () => ours.memory(),
      ),
    );
    return {
      results: [...rows, ...memory.rows],
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
  const tail = {
    ...{ what: `server, ${FROZEN}, p99`, value: tailOf(rows, FROZEN, 'ours') / tailOf(rows, ALONE, 'ours') },
    ...{ unit: 'times alone', atMost: FROZEN_TAIL },
  };
  return [...relays, { what: `server, ${OUT_CASE}`, value: out, unit: 'messages/s', atLeast: OUT }, frozen, tail];
}

/** In turns, each relay in each; a row of each. */
async function rowsOf(
  [name, unit]: readonly [name: string, unit: string],
  relays: readonly Relay[],
  rounds: number,
  measure: (relay: Relay) => Promise<readonly number[]>,
): Promise<Row[]> {
  const all = await inTurns(relays, rounds, measure);
  return [...all].map(([relay, values]) => rowOf(name, relay.name, unit, values));
}

async function latency(relays: readonly Relay[], rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const hz of RATES) {
    const paced = (relay: Relay) => relay.with(1, (group) => group.pace(hz, statesOf(hz, rounds)));
    rows.push(...(await rowsOf([relayCase(hz), 'ms'], relays, rounds, paced)));
  }
  return rows;
}

function throughput(relays: readonly Relay[], rounds: number): Promise<Row[]> {
  return rowsOf([OUT_CASE, 'messages/s'], relays, rounds, async (relay) => [
    (FLOOD * LISTENERS * 1000) / (await relay.with(LISTENERS, (group) => group.flood(FLOOD))),
  ]);
}

/** What a stock roslib client with its defaults makes of our server, and of the bare relay. */
async function readers(relays: readonly Relay[], rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const hz of RATES) {
    const read = (relay: Relay) => readByRoslib(relay.url, (reader) => reader.pace(hz, statesOf(hz, rounds)));
    rows.push(...(await rowsOf([`${relayCase(hz)}, read by roslib`, 'ms'], relays, rounds, read)));
  }
  const flooded = async (relay: Relay) => [
    (FLOOD * 1000) / (await readByRoslib(relay.url, (reader) => reader.flood(FLOOD))),
  ];
  return [...rows, ...(await rowsOf(['relay to 1, read by roslib', 'messages/s'], relays, rounds, flooded))];
}

/** The latency of a healthy listener by itself, and beside one that has stopped to read, in turns. */
async function besideFrozen(ours: Relay, rounds: number): Promise<Row[]> {
  const all = await inTurns([ALONE, FROZEN], rounds, (name) =>
    ours.with(name === FROZEN ? 2 : 1, async (group) => {
      // Until its socket is full and the server holds what it may for it.
      if (name === FROZEN) await group.freeze();
      return group.pace(FROZEN_HZ, statesOf(FROZEN_HZ, rounds));
    }),
  );
  return [...all].map(([name, ms]) => rowOf(name, 'ours', 'ms', ms));
}
