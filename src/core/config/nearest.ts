/**
 * Damerau-Levenshtein distance, optimal string alignment: insertions, deletions, substitutions and swaps of two
 * neighbours cost one each (Damerau 1964; recurrence after Boytsov 2011, eq. 2.2).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2]! + 1);
      row.push(d);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}

/** Words longer than this are not compared: no key is so long, and the comparison costs the product of the lengths. */
const LONGEST = 64;

/** The candidate nearest to `word`, if it is near enough to be what was meant: about one slip in three letters. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const seen = word.toLowerCase().replaceAll('-', '_');
  let best: string | undefined;
  let least = Math.max(1, Math.floor(seen.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(seen, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}
