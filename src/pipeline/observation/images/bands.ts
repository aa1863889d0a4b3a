import { othersTurn } from '../../../core/clock.ts';

/** So many pixels are a fraction of a millisecond. */
const PIXELS = 1 << 16;

/**
 * A loop over the rows of a picture that lets the event loop go on in between: decisions and states wait for a part of it, not for
 * all.
 * @param work does the rows `from` to `to`, the last of them left out
 */
export async function inBands(rows: number, width: number, work: (from: number, to: number) => void): Promise<void> {
  const band = Math.max(1, Math.floor(PIXELS / width));
  for (let from = 0; from < rows; from += band) {
    if (from > 0) await othersTurn();
    work(from, Math.min(rows, from + band));
  }
}
