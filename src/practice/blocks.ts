import { wilson } from '../learning/judging/binomial.ts';

/** Episodes in a row, and what came of them. */
export interface Block {
  /** Version in use in the newest of them. */
  readonly version: number;
  readonly episodes: number;
  readonly successes: number;
  readonly violations: number;
}

export interface Blocks {
  /** The best that was, complete; null before the first. */
  readonly best: Block | null;
  /** The one that goes on. */
  readonly now: Block;
}

export const NO_BLOCKS: Blocks = { best: null, now: { version: 0, episodes: 0, successes: 0, violations: 0 } };

/** Fewer episodes are no evidence, however bad. */
const FEW = 5;

/**
 * One more episode; `worse`: why the residual should go back to `best.version`, or empty. Worse means that two Wilson intervals (95 %) lie apart: of successes
 * below those of the best block, or of violations above. A block ends after `size` episodes, and is the best when it has more successes
 * less violations than the one before.
 */
export function countEpisode(
  { best, now }: Blocks,
  { version, success, violation }: { version: number; success: boolean; violation: boolean },
  size: number,
): { blocks: Blocks; worse: string } {
  const block: Block = {
    version,
    episodes: now.episodes + 1,
    successes: now.successes + (success ? 1 : 0),
    violations: now.violations + (violation ? 1 : 0),
  };
  const worse = best !== null && best.version !== version ? against(best, block) : '';
  if (worse !== '') return { blocks: { best, now: { ...NO_BLOCKS.now, version: best!.version } }, worse };
  if (block.episodes < size) return { blocks: { best, now: block }, worse };
  const better = best === null || score(block) >= score(best);
  return { blocks: { best: better ? block : best, now: { ...NO_BLOCKS.now, version } }, worse };
}

const score = ({ episodes, successes, violations }: Block) => (successes - violations) / episodes;

function against(best: Block, now: Block): string {
  if (now.episodes < FEW) return '';
  const told = (what: 'successes' | 'violations') =>
    `${now[what]} ${what} in ${now.episodes} episodes; with version ${best.version}: ${best[what]} in ${best.episodes}`;
  if (wilson(now.successes, now.episodes)[1] < wilson(best.successes, best.episodes)[0]) return told('successes');
  return wilson(now.violations, now.episodes)[0] > wilson(best.violations, best.episodes)[1] ? told('violations') : '';
}
