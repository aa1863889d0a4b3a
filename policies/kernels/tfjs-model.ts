import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { ReflexArcError } from '../../src/core/errors.ts';
import { type NetworkDescription, tensorName } from './network.ts';
import type { Tensor, WeightsFile } from './safetensors.ts';

/**
 * A layers model as TensorFlow.js saves it (`model.save('file://…')`, or Keras through `tensorflowjs_converter`): `model.json` with topology and
 * weights manifest, and the files of weights beside it. It is read as what our kernels compute: from one input to each output
 * a chain of Dense, then LayerNormalization, then an activation. Each output is a head. What a model cannot say stands in its
 * `userDefinedMetadata`, all optional: `normalisation` ({mean, std}), `horizon`, `action_size`.
 */
const activations = ['relu', 'tanh', 'sigmoid', 'linear'] as const;
type Activation = (typeof activations)[number];

/** As tf.layers.layerNormalization has it, and the kernels. */
const NORM_EPSILON = 1e-3;
/** Layers that do nothing when a network is asked. */
const SILENT = new Set(['InputLayer', 'Dropout', 'GaussianNoise', 'GaussianDropout']);
const BYTES = 4;

const layerSchema = z.object({
  class_name: z.string(),
  config: z.looseObject({ name: z.string() }),
  inbound_nodes: z.unknown().optional(),
});
type Layer = z.infer<typeof layerSchema>;

/** One end of the graph: layer, node, tensor. */
const end = z.tuple([z.string(), z.number(), z.number()]);
const graphSchema = z.object({
  layers: z.array(layerSchema),
  input_layers: z.array(end).optional(),
  output_layers: z.array(end).optional(),
});
const modelSchema = z.object({ class_name: z.string(), config: z.unknown() });
const fileSchema = z.object({
  format: z.literal('layers-model').default('layers-model'),
  modelTopology: z.union([z.object({ model_config: modelSchema }).transform((t) => t.model_config), modelSchema]),
  weightsManifest: z.array(
    z.object({
      paths: z.array(z.string()),
      weights: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.int().nonnegative()),
          dtype: z.string(),
          quantization: z.unknown().optional(),
        }),
      ),
    }),
  ),
  userDefinedMetadata: z
    .object({
      normalisation: z.object({ mean: z.array(z.number()), std: z.array(z.number()) }).optional(),
      horizon: z.number().optional(),
      action_size: z.number().optional(),
    })
    .default({}),
});

/** Says what is wrong with a file, and never comes back. */
type Fail = (seen: string, allowed: string) => never;

export interface TfjsModel {
  readonly file: WeightsFile;
  /** Every byte that it is made of: `model.json`, then its weights in the order of the manifest. What a digest pins. */
  readonly bytes: Uint8Array;
}

/**
 * Reads the model whose `model.json` is `json`, from `path`.
 * @throws ReflexArcError RA_WEIGHTS_UNREADABLE that names the layer or weight, what was seen and what is allowed
 */
export function readTfjsModel(json: Uint8Array, path: string): TfjsModel {
  const fail: Fail = (seen, allowed) => {
    throw new ReflexArcError('RA_WEIGHTS_UNREADABLE', { seen: `${path}: ${seen}`, allowed });
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    return fail((cause as Error).message, 'the model.json of a TensorFlow.js layers model');
  }
  const checked = fileSchema.safeParse(parsed);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return fail(`${issue!.path.join('.')}: ${issue!.message}`, 'the model.json of a TensorFlow.js layers model');
  }
  const { modelTopology, weightsManifest, userDefinedMetadata } = checked.data;
  const shards = weightsManifest.map(({ paths }) => Buffer.concat(paths.map((p) => shard(p, path, fail))));
  const weights = new Map(weightsManifest.flatMap((group, g) => tensorsOf(group.weights, shards[g]!, fail)));
  const heads = chains(modelTopology, fail).map((chain) => headOf(chain, weights, fail));
  const { layers, inputs } = heads[0]!;
  for (const [h, head] of heads.entries())
    if (JSON.stringify([head.layers, head.inputs]) !== JSON.stringify([layers, inputs]))
      fail(`output ${h} has layers ${JSON.stringify(head.layers)}`, `those of output 0: ${JSON.stringify(layers)}`);
  const { normalisation = { mean: Array(inputs).fill(0), std: Array(inputs).fill(1) }, ...rest } = userDefinedMetadata;
  const network: NetworkDescription = {
    inputs,
    outputs: layers.at(-1)!.units,
    heads: heads.length,
    layers,
    normalisation,
  };
  const tensors = new Map<string, Tensor>();
  heads.forEach((head, h) => {
    for (const [l, part, tensor] of head.tensors) tensors.set(tensorName(heads.length, h, l, part), tensor);
  });
  const metadata = { network: JSON.stringify(network), ...mapped(rest) };
  return { file: { metadata, tensors }, bytes: Buffer.concat([json, ...shards]) };
}

const mapped = (values: Record<string, number | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([k, v]) => [k, String(v)]));

/** A file of weights, which lies beside `model.json` or below. */
function shard(name: string, path: string, fail: Fail): Buffer {
  if (isAbsolute(name) || name.split(/[\\/]/).includes('..'))
    return fail(`weights in ${name}`, 'a file beside model.json');
  try {
    return readFileSync(join(dirname(path), name));
  } catch (cause) {
    return fail(
      `weights in ${name}: ${(cause as NodeJS.ErrnoException).code}`,
      'the files that its manifest names, beside it',
    );
  }
}

type Entry = z.infer<typeof fileSchema>['weightsManifest'][number]['weights'][number];

function tensorsOf(entries: readonly Entry[], bytes: Buffer, fail: Fail): [string, Tensor][] {
  let at = 0;
  const tensors = entries.map(({ name, shape, dtype, quantization }): [string, Tensor] => {
    if (dtype !== 'float32' || quantization !== undefined)
      fail(`weight ${name} is ${quantization === undefined ? dtype : 'quantised'}`, 'float32, not quantised');
    const count = shape.reduce((a, b) => a * b, 1);
    if (at + count * BYTES > bytes.length)
      fail(`weight ${name} ends at ${at + count * BYTES} of ${bytes.length} bytes`, 'whole files of weights');
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++, at += BYTES) {
      data[i] = bytes.readFloatLE(at);
      if (!Number.isFinite(data[i])) fail(`weight ${name}[${i}] is ${data[i]}`, 'finite weights');
    }
    return [name, { shape, data }];
  });
  if (at !== bytes.length)
    fail(`${bytes.length - at} bytes after the last weight`, 'files that end with their weights');
  return tensors;
}

/** From the input to each output, the layers on the way. */
function chains(model: z.infer<typeof modelSchema>, fail: Fail): Layer[][] {
  if (model.class_name === 'Sequential') {
    // Keras before 2.2.3 wrote the list alone.
    const config = z
      .union([z.array(layerSchema).transform((layers) => ({ layers })), graphSchema])
      .safeParse(model.config);
    return config.success
      ? [config.data.layers]
      : fail('a Sequential without layers', 'layers with class_name and config');
  }
  const graph = graphSchema.safeParse(model.config);
  if (!['Model', 'Functional'].includes(model.class_name) || !graph.success)
    return fail(`a model of class ${model.class_name}`, 'Sequential, Model or Functional, with their layers');
  const { layers, input_layers: inputs = [], output_layers: outputs = [] } = graph.data;
  if (inputs.length !== 1 || outputs.length === 0)
    return fail(`${inputs.length} inputs and ${outputs.length} outputs`, 'one input, one output or more');
  const named = new Map(layers.map((l) => [l.config.name, l]));
  return outputs.map(([output]) => {
    const chain: Layer[] = [];
    for (let name: string | null = output; name !== null; ) {
      const layer = named.get(name);
      if (layer === undefined || chain.length > layers.length)
        return fail(`layer ${name} in no chain`, 'a chain of layers');
      chain.unshift(layer);
      name = layer.class_name === 'InputLayer' ? null : before(layer, fail);
    }
    return chain;
  });
}

/** The one layer that feeds this one: `inbound_nodes` is `[[[name, node, tensor, {}]]]`. */
function before(layer: Layer, fail: Fail): string {
  const nodes = z.tuple([z.tuple([z.tuple([z.string()]).rest(z.unknown())])]).safeParse(layer.inbound_nodes);
  const seen = `layer ${layer.config.name}: inbound_nodes ${JSON.stringify(layer.inbound_nodes)}`;
  return nodes.success ? nodes.data[0][0][0] : fail(seen, 'one layer before it, as TensorFlow.js and Keras 2 write it');
}

interface Head {
  readonly inputs: number;
  readonly layers: NetworkDescription['layers'];
  readonly tensors: readonly (readonly [number, string, Tensor])[];
}

const denseSchema = z.object({ activation: z.string().default('linear'), use_bias: z.boolean().default(true) });
const reluSchema = z.object({
  max_value: z.null().optional(),
  negative_slope: z.literal(0).nullish(),
  threshold: z.literal(0).nullish(),
});
const activationSchema = z.object({ activation: z.string() });
const normSchema = z.object({
  axis: z
    .union([
      z.number(),
      z
        .array(z.number())
        .length(1)
        .transform(([a]) => a!),
    ])
    .default(-1),
  epsilon: z.number().default(NORM_EPSILON),
});

function headOf(chain: readonly Layer[], weights: ReadonlyMap<string, Tensor>, fail: Fail): Head {
  const layers: NetworkDescription['layers'] = [];
  const tensors: [number, string, Tensor][] = [];
  let inputs = 0;
  for (const { class_name: kind, config } of chain) {
    const { name } = config;
    const weight = (part: string): Tensor | undefined =>
      weights.get(`${name}/${part}`) ?? [...weights].find(([key]) => key.endsWith(`/${name}/${part}`))?.[1];
    const needed = (part: string): Tensor =>
      weight(part) ?? fail(`no weight ${name}/${part}`, [...weights.keys()].join(', '));
    const last = layers.at(-1);
    const read = <T>(schema: z.ZodType<T>): T => {
      const { success, data, error } = schema.safeParse(config);
      return success
        ? data
        : fail(
            `layer ${name}: ${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}`,
            'what the kernels compute',
          );
    };
    if (kind === 'Dense') {
      const { activation, use_bias } = read(denseSchema);
      const kernel = needed('kernel');
      const [from, units] = kernel.shape as [number, number];
      if (layers.length === 0) inputs = from;
      tensors.push([layers.length, 'weight', kernel]);
      const bias = use_bias ? needed('bias') : { shape: [units], data: new Float32Array(units) };
      tensors.push([layers.length, 'bias', bias]);
      layers.push({ units, layer_norm: false, activation: activationOf(activation, name, fail) });
    } else if (kind === 'LayerNormalization') {
      const { axis, epsilon } = read(normSchema);
      if (last === undefined || last.layer_norm || last.activation !== 'linear')
        return fail(
          `layer ${name} after ${last?.activation ?? 'the input'}`,
          'LayerNormalization between a Dense and its activation',
        );
      if ((axis !== -1 && axis !== 1) || Math.abs(epsilon - NORM_EPSILON) > 1e-9)
        return fail(`layer ${name} with axis ${axis} and epsilon ${epsilon}`, `the last axis and ${NORM_EPSILON}`);
      last.layer_norm = true;
      const { length } = needed('beta').data;
      const ones = { shape: [length], data: new Float32Array(length).fill(1) };
      tensors.push([layers.length - 1, 'norm.scale', weight('gamma') ?? ones]);
      tensors.push([layers.length - 1, 'norm.offset', needed('beta')]);
    } else if (kind === 'Activation' || kind === 'ReLU') {
      if (last === undefined || last.activation !== 'linear')
        return fail(`layer ${name} after ${last?.activation ?? 'the input'}`, 'one activation behind each Dense');
      if (kind === 'ReLU') read(reluSchema);
      last.activation = kind === 'ReLU' ? 'relu' : activationOf(read(activationSchema).activation, name, fail);
    } else if (!SILENT.has(kind)) {
      return fail(`layer ${name} of class ${kind}`, 'Dense, LayerNormalization, Activation, ReLU, Dropout');
    }
  }
  if (layers.length === 0) return fail('a model without a Dense layer', 'at least one');
  return { inputs, layers, tensors };
}

function activationOf(name: string, layer: string, fail: Fail): Activation {
  return activations.find((a) => a === name) ?? fail(`layer ${layer}: activation ${name}`, activations.join(', '));
}
