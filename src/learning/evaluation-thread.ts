/** One shard of an evaluation, in a thread with a world of its own (side-by-side.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { playEpisodes } from './evaluate.ts';
import { type EvaluationShard, policiesOf, type ShardMessage } from './side-by-side.ts';

const say = (message: ShardMessage) => parentPort!.postMessage(message);
const { config, without, episodes, seed } = workerData as EvaluationShard;
const onEpisode = (done: number, successes: number) => say({ done, successes });
say({ scores: await playEpisodes(config, policiesOf(config, without), { episodes, seed, onEpisode }) });
