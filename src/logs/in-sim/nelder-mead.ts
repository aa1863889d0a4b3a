/** Where a search ended. */
export interface Found {
  readonly at: readonly number[];
  readonly value: number;
  readonly evaluations: number;
}

export interface SearchOptions {
  /** Of each coordinate; a point outside is put on the bound. */
  readonly bounds: readonly (readonly [number, number])[];
  /** Of the first simplex, in each coordinate. */
  readonly step: readonly number[];
  /** It ends when all corners are so close to the best one, in each coordinate. */
  readonly tolerance: number;
  readonly evaluations: number;
}

interface Corner {
  x: number[];
  value: number;
}

/**
 * Least value of a function without derivatives: the simplex of Nelder and Mead (1965), reflection 1, expansion 2, contraction and
 * shrinkage ½, within bounds. Finds a local minimum. What is no number counts as Infinity.
 */
export async function nelderMead(
  f: (x: readonly number[]) => Promise<number>,
  start: readonly number[],
  { bounds, step, tolerance, evaluations }: SearchOptions,
): Promise<Found> {
  let asked = 0;
  const corner = async (wanted: readonly number[]): Promise<Corner> => {
    const x = wanted.map((v, i) => Math.min(Math.max(v, bounds[i]![0]), bounds[i]![1]));
    const value = await f(x);
    asked++;
    return { x, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const simplex = [await corner(start)];
  for (const i of start.keys()) {
    const first = simplex[0]!.x;
    // A step that the bound would swallow goes the other way.
    const up = first[i]! + step[i]! <= bounds[i]![1];
    simplex.push(await corner(first.map((v, k) => (k === i ? v + (up ? step[i]! : -step[i]!) : v))));
  }
  const n = start.length;
  const far = () => simplex.some(({ x }) => x.some((v, i) => Math.abs(v - simplex[0]!.x[i]!) > tolerance));
  const sort = () => simplex.sort((a, b) => a.value - b.value);
  sort();
  while (asked < evaluations && far()) {
    const worst = simplex[n]!;
    const middle = start.map((_, i) => simplex.slice(0, n).reduce((sum, { x }) => sum + x[i]! / n, 0));
    const along = (by: number) => corner(middle.map((m, i) => m + by * (m - worst.x[i]!)));
    const reflected = await along(1);
    if (reflected.value < simplex[0]!.value) {
      const expanded = await along(2);
      simplex[n] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[n - 1]!.value) simplex[n] = reflected;
    else {
      const contracted = await along(reflected.value < worst.value ? 0.5 : -0.5);
      if (contracted.value < Math.min(reflected.value, worst.value)) simplex[n] = contracted;
      else
        for (let k = 1; k <= n; k++)
          simplex[k] = await corner(simplex[k]!.x.map((v, i) => (v + simplex[0]!.x[i]!) / 2));
    }
    sort();
  }
  const best = simplex[0]!;
  return { at: best.x, value: best.value, evaluations: asked };
}
