import { z } from 'zod';
import { ReflexArcError } from '../../src/core/errors.ts';
import type { Tensor, WeightsFile } from './safetensors.ts';

/** What a weights file says of its network, in its `network` metadata. */
export const networkSchema = z.strictObject({
  inputs: z.int().positive(),
  outputs: z.int().positive(),
  /** Independent copies of the network on the same input (an ensemble). */
  heads: z.int().positive().default(1),
  layers: z
    .array(
      z.strictObject({
        units: z.int().positive(),
        activation: z.enum(['relu', 'tanh', 'sigmoid', 'linear']),
        layer_norm: z.boolean().default(false),
      }),
    )
    .min(1),
  normalisation: z.strictObject({ mean: z.array(z.number()), std: z.array(z.number().positive()) }),
});
export type NetworkDescription = z.infer<typeof networkSchema>;

export interface DenseLayer {
  readonly inputs: number;
  readonly units: number;
  readonly activation: 'relu' | 'tanh' | 'sigmoid' | 'linear';
  /** `[inputs][units]`, row-major. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly norm: { scale: Float32Array; offset: Float32Array } | null;
}

export interface Network {
  readonly description: NetworkDescription;
  readonly heads: readonly (readonly DenseLayer[])[];
}

/** Names of a head's tensors: plain for a single network, `head{h}.` before them in an ensemble. */
export const tensorName = (heads: number, head: number, layer: number, part: string): string =>
  `${heads > 1 ? `head${head}.` : ''}layer${layer}.${part}`;

/** @throws ReflexArcError RA_WEIGHTS_UNREADABLE when description and tensors do not fit each other. */
export function readNetwork({ metadata, tensors }: WeightsFile, file: string): Network {
  const fail = (seen: string, allowed: string): never => {
    throw new ReflexArcError('RA_WEIGHTS_UNREADABLE', { seen: `${file}: ${seen}`, allowed });
  };
  let json: unknown = null;
  try {
    json = JSON.parse(metadata.network ?? 'null');
  } catch {
    return fail('metadata "network" is no JSON', 'a network description');
  }
  const parsed = networkSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(`network.${issue?.path.join('.')}: ${issue?.message}`, 'a network description');
  }
  const description = parsed.data;
  const { inputs, outputs, layers, normalisation } = description;
  if (layers.at(-1)?.units !== outputs)
    return fail(`a last layer of ${layers.at(-1)?.units} units`, `${outputs} outputs`);
  if (normalisation.mean.length !== inputs || normalisation.std.length !== inputs)
    return fail(`normalisation of ${normalisation.mean.length}/${normalisation.std.length} inputs`, String(inputs));
  const take = (name: string, shape: readonly number[]): Float32Array => {
    const tensor: Tensor | undefined = tensors.get(name);
    if (tensor === undefined) return fail(`no tensor ${name}`, [...tensors.keys()].join(', '));
    if (tensor.shape.join() !== shape.join()) return fail(`${name} of shape [${tensor.shape}]`, `[${shape}]`);
    return tensor.data;
  };
  const heads = Array.from({ length: description.heads }, (_, head) => {
    let width = inputs;
    return layers.map(({ units, activation, layer_norm }, i): DenseLayer => {
      const named = (part: string) => tensorName(description.heads, head, i, part);
      const layer: DenseLayer = {
        inputs: width,
        units,
        activation,
        weight: take(named('weight'), [width, units]),
        bias: take(named('bias'), [units]),
        norm: layer_norm
          ? { scale: take(named('norm.scale'), [units]), offset: take(named('norm.offset'), [units]) }
          : null,
      };
      width = units;
      return layer;
    });
  });
  return { description, heads };
}
