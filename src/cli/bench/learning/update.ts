import { SeededRandom } from '../../../core/random.ts';
import { TD3_DEFAULTS, Td3 } from '../../../learning/td3.ts';
import { tensorflowUpdate, type UpdatePeer, type UpdateShape } from '../../../learning/td3-peer.ts';
import type { Bench, Row } from '../rows.ts';
import { rowOf } from '../rows.ts';

/** Sizes of the peg task. */
const SIZES = { observationSize: 9, actionSize: 4 };
const SHAPES: readonly UpdateShape[] = [
  { ...SIZES, hidden: [128, 128], batch: 128 },
  { ...SIZES, hidden: [256, 256], batch: 256 },
];
const SAMPLES = 60;
const WARM_UP = 10;

function ours({ observationSize, actionSize, hidden, batch }: UpdateShape): UpdatePeer {
  const environment = { observationSize, actionSize, baseSize: 0 };
  const learner = new Td3(environment, { ...TD3_DEFAULTS, hidden, batch, capacity: 4096, learningStarts: 4097 });
  const random = new SeededRandom(1);
  const draw = (n: number) => Float64Array.from({ length: n }, () => random.range(-1, 1));
  for (let i = 0; i < 4096; i++) {
    const action = draw(actionSize);
    learner.observe({
      ...{ observation: draw(observationSize), base: draw(0), proposed: action, executed: action },
      ...{ reward: random.normal(), cost: 0, nextObservation: draw(observationSize), nextBase: draw(0) },
      ...{ terminated: false, truncated: false, intervened: 'none' },
    });
  }
  return { name: 'ours', update: () => learner.update(), dispose: () => {} };
}

/**
 * A full update of TD3, drawing the batch included (for TensorFlow.js it is there already): our kernel beside TensorFlow.js, in turns.
 * `tests/interop/torch_update.py` measures PyTorch.
 */
export const benchUpdate: Bench = async (_config, { samples = SAMPLES }) => {
  const results: Row[] = [];
  for (const shape of SHAPES) {
    const subjects = [ours(shape), await tensorflowUpdate(shape, 'plain'), await tensorflowUpdate(shape, 'custom')];
    const times = subjects.map(() => [] as number[]);
    for (let i = 0; i < WARM_UP + samples; i++) {
      subjects.forEach((subject, k) => {
        // Two: every second one moves the actor.
        const at = performance.now();
        subject.update();
        subject.update();
        if (i >= WARM_UP) times[k]!.push((performance.now() - at) / 2);
      });
    }
    const name = `update, ${shape.hidden.join('-')}, batch ${shape.batch}`;
    subjects.forEach((subject, k) => {
      results.push(rowOf(name, subject.name, 'ms', times[k]!));
      subject.dispose();
    });
  }
  const perSecond = results.map((r) => `${r.case}, ${r.subject}: ${Math.round(1000 / r.p50)} updates/s`);
  return { results, notes: perSecond };
};
