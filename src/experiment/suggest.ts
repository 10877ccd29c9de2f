/** "Did you mean ...?": the known word nearest to a mistyped one. */

/**
 * The candidate with the fewest edits from `word`, ignoring case, or undefined when none is near: at most one edit per
 * three characters, at least one. The first of several equally near candidates wins.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  // Longer words are not typing mistakes, and the distance costs length times length.
  if (word.length > 60) return undefined;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    // At least this many letters must be added or left out.
    if (Math.abs(candidate.length - word.length) >= fewest) continue;
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** " Did you mean X?" for the end of a message; empty if no word is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

/**
 * Fewest insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string alignment: no
 * character is edited twice).
 */
export function editDistance(a: string, b: string): number {
  // rows[i][j]: distance between the first i characters of a and the first j of b; only three rows are alive.
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replace, previous[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    [older, previous] = [previous, row];
  }
  return previous[b.length];
}
