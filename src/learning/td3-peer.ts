import { matMul as ownGradient, startTensorflow, tf, variableOf } from './tensorflow.ts';

/** Shape of an update. */
export interface UpdateShape {
  observationSize: number;
  actionSize: number;
  hidden: readonly number[];
  batch: number;
}

export interface UpdatePeer {
  readonly name: string;
  /** One full update of TD3: both critics, and every second time actor and targets. Waits for the numbers. */
  update(): void;
  dispose(): void;
}

type Layer = { weight: tf.Variable; bias: tf.Variable };

/**
 * The update of TD3 in TensorFlow.js, as one would write it: what our own kernel is measured against. `gradient`: autodiff's own, or the
 * one of tensorflow.ts, which hands the WebAssembly kernel no transposed operands.
 */
export async function tensorflowUpdate(
  { observationSize: o, actionSize: a, hidden, batch }: UpdateShape,
  gradient: 'plain' | 'custom',
): Promise<UpdatePeer> {
  const backend = await startTensorflow();
  const matMul =
    gradient === 'custom' ? ownGradient : (x: tf.Tensor, w: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
  const sizes = (inputs: number, outputs: number) => [inputs, ...hidden, outputs];
  const network = (of: number[]): Layer[] =>
    of.slice(1).map((units, i) => ({
      weight: variableOf(tf.randomUniform([of[i]!, units], -0.1, 0.1, 'float32', i + 1)),
      bias: variableOf(tf.zeros([units])),
    }));
  const forward = (layers: Layer[], x: tf.Tensor): tf.Tensor =>
    layers.reduce((y, l, i) => {
      const z = tf.add(matMul(y, l.weight), l.bias);
      return i === layers.length - 1 ? z : tf.relu(z);
    }, x);
  const variables = (...of: Layer[][]) => of.flat().flatMap((l) => [l.weight, l.bias]);
  const actor = network(sizes(o, a));
  const actorTarget = network(sizes(o, a));
  const critics = [0, 1].map(() => network(sizes(o + a, 1)));
  const criticTargets = [0, 1].map(() => network(sizes(o + a, 1)));
  const [criticAdam, actorAdam] = [tf.train.adam(1e-3), tf.train.adam(1e-3)];
  const s = tf.randomNormal([batch, o]);
  const next = tf.randomNormal([batch, o]);
  const action = tf.randomUniform([batch, a], -1, 1);
  const reward = tf.randomNormal([batch, 1]);
  const polyak = (target: Layer[], online: Layer[]) =>
    variables(target).forEach((t, i) => {
      t.assign(tf.add(t, tf.mul(0.005, tf.sub(variables(online)[i]!, t))));
    });
  let updates = 0;
  return {
    name: `tfjs ${backend}, ${gradient === 'plain' ? 'plain' : 'our gradient of matMul'}`,
    update() {
      tf.tidy(() => {
        const noise = tf.clipByValue(tf.mul(0.2, tf.randomNormal([batch, a])), -0.5, 0.5);
        const nextAction = tf.clipByValue(tf.add(tf.tanh(forward(actorTarget, next)), noise), -1, 1);
        const after = tf.concat([next, nextAction], 1);
        const [q1, q2] = criticTargets.map((c) => forward(c, after));
        const y = tf.add(reward, tf.mul(0.99, tf.minimum(q1!, q2!)));
        const x = tf.concat([s, action], 1);
        const loss = criticAdam.minimize(
          () => tf.addN(critics.map((c) => tf.mean(tf.squaredDifference(forward(c, x), y)) as tf.Scalar)) as tf.Scalar,
          true,
          variables(...critics),
        );
        loss!.dataSync();
        if (++updates % 2 !== 0) return;
        const value = actorAdam.minimize(
          () => tf.neg(tf.mean(forward(critics[0]!, tf.concat([s, tf.tanh(forward(actor, s))], 1)))) as tf.Scalar,
          true,
          variables(actor),
        );
        value!.dataSync();
        polyak(actorTarget, actor);
        critics.forEach((c, i) => {
          polyak(criticTargets[i]!, c);
        });
      });
    },
    dispose() {
      tf.dispose([...variables(actor, actorTarget, ...critics, ...criticTargets), s, next, action, reward]);
      criticAdam.dispose();
      actorAdam.dispose();
    },
  };
}
