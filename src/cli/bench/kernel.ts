import { Mlp } from '../../../policies/kernels/mlp.ts';
import type { DenseLayer, Network } from '../../../policies/kernels/network.ts';
import { SimdMlp } from '../../../policies/kernels/simd.ts';
import { SeededRandom } from '../../core/random.ts';
import { TENSORFLOW_VERSION, tensorflowForward } from '../../learning/kernel-peer.ts';
import { C_SUBJECTS, loadC } from './peers/c.ts';
import { loadOnnxRuntime } from './peers/onnxruntime.ts';
import { type Contestant, isMissing, type Peer } from './peers/peer.ts';
import { type Missing, type Outcome, type Row, rowOf } from './rows.ts';

const INPUTS = 40;
const WIDTHS = [64, 128, 256];
const BATCHES = [1, 16];
/** Calls of one sample: the clock is read that seldom. Fewer for a batch, which takes that much longer. */
const CALLS: Readonly<Record<number, number>> = { 1: 200, 16: 20 };
const WARM_UP = 10;
const TOLERANCE = 1e-4;

/** Two hidden layers of `width`, ReLU, one linear output, no LayerNorm: what every peer can compute. */
export function network(width: number, seed: number): Network {
  const random = new SeededRandom(seed);
  const layer = (inputs: number, units: number, activation: 'relu' | 'linear'): DenseLayer => ({
    inputs,
    units,
    activation,
    weight: Float32Array.from({ length: inputs * units }, () => random.normal() / Math.sqrt(inputs)),
    bias: Float32Array.from({ length: units }, () => 0.1 * random.normal()),
    norm: null,
  });
  const layers = [layer(INPUTS, width, 'relu'), layer(width, width, 'relu'), layer(width, 1, 'linear')];
  const mean = Array.from({ length: INPUTS }, () => random.normal());
  const std = Array.from({ length: INPUTS }, () => random.range(0.5, 2));
  return {
    description: {
      inputs: INPUTS,
      outputs: 1,
      heads: 1,
      layers: layers.map((l) => ({ units: l.units, activation: l.activation, layer_norm: false })),
      normalisation: { mean, std },
    },
    heads: [layers],
  };
}

const inTurn = (once: () => ArrayLike<number>): Contestant => ({
  outputs: async () => Array.from(once()),
  sample: (calls) => {
    const at = performance.now();
    for (let n = 0; n < calls; n++) once();
    return ((performance.now() - at) * 1000) / calls;
  },
  close: () => {},
});

/** Our kernel from raw numbers to the risk, normalisation included. */
function ours(net: Network, raw: Float64Array, rows: number): Contestant {
  const kernel = new SimdMlp(net, rows);
  const out = new Float64Array(rows);
  return inTurn(() => {
    kernel.forward(raw, rows);
    for (let r = 0; r < rows; r++) out[r] = kernel.output(0, r, 0);
    return out;
  });
}

function plainJs(net: Network, raw: Float64Array, rows: number): Contestant {
  const mlp = new Mlp(net);
  const out = new Float64Array(rows);
  return inTurn(() => {
    for (let r = 0; r < rows; r++) mlp.forward(raw, r * INPUTS, out, r);
    return out;
  });
}

const tfjs: Peer = {
  subject: 'tfjs-wasm',
  version: TENSORFLOW_VERSION,
  prepare: async ({ layers, x }) => {
    const { forward, dispose } = await tensorflowForward(layers, x);
    return { ...inTurn(forward), close: dispose };
  },
  close: () => {},
};

/** Every peer of other software that this machine can have. */
function peersHere(): { peers: Peer[]; missing: Missing[] } {
  const all = [tfjs, loadOnnxRuntime(), ...C_SUBJECTS.map(loadC)];
  return { peers: all.filter((p) => !isMissing(p)) as Peer[], missing: all.filter(isMissing) };
}

/** @throws Error when two subjects do not compute the same: then there is nothing to compare */
async function agree(contestants: ReadonlyMap<string, Contestant>, name: string): Promise<void> {
  let first: ArrayLike<number> | null = null;
  for (const [subject, contestant] of contestants) {
    const got = await contestant.outputs();
    first ??= Array.from(got);
    for (let i = 0; i < first.length; i++) {
      if (Math.abs(got[i]! - first[i]!) <= TOLERANCE && got.length === first.length) continue;
      throw new Error(`${name}: ${subject} says ${got[i]} in row ${i}, ours ${first[i]}; allowed: within ${TOLERANCE}`);
    }
  }
}

/** Runs the contestants in turns, each round beginning with the next, so that none always follows the same other. */
export async function takeTurns(
  contestants: ReadonlyMap<string, Contestant>,
  name: string,
  calls: number,
  rounds: number,
  warmUp = WARM_UP,
): Promise<Row[]> {
  const field = [...contestants];
  const samples = new Map(field.map(([subject]) => [subject, [] as number[]]));
  for (let round = -warmUp; round < rounds; round++) {
    for (let n = 0; n < field.length; n++) {
      const [subject, contestant] = field[(n + round + warmUp) % field.length]!;
      const us = await contestant.sample(calls);
      if (round >= 0) samples.get(subject)!.push(us);
    }
  }
  return field.map(([subject]) => rowOf(name, subject, 'us', samples.get(subject)!));
}

/** Our kernel beside its peers, `rounds` samples of each. `found`: the peers, all that this machine can have by default. */
export async function benchKernel(seed: number, rounds: number, found = peersHere()): Promise<Outcome> {
  const { peers, missing } = found;
  const results: Row[] = [];
  try {
    for (const width of WIDTHS) {
      const net = network(width, seed + width);
      const { mean, std } = net.description.normalisation;
      for (const rows of BATCHES) {
        const name = `kernel 2x${width} batch ${rows}`;
        const random = new SeededRandom(seed + rows);
        const raw = Float64Array.from({ length: rows * INPUTS }, () => 2 * random.normal());
        const x = Float32Array.from(raw, (v, i) => (v - mean[i % INPUTS]!) / std[i % INPUTS]!);
        const contestants = new Map([
          ['ours', ours(net, raw, rows)],
          ['plain-js', plainJs(net, raw, rows)],
        ]);
        try {
          for (const peer of peers)
            contestants.set(peer.subject, await peer.prepare({ layers: net.heads[0]!, rows, x }));
          await agree(contestants, name);
          results.push(...(await takeTurns(contestants, name, CALLS[rows]!, rounds)));
        } finally {
          for (const contestant of contestants.values()) await contestant.close();
        }
      }
    }
  } finally {
    for (const peer of peers) peer.close();
  }
  const versions = Object.fromEntries(peers.map((p) => [p.subject, p.version]));
  return { results, missing, peers: versions };
}
