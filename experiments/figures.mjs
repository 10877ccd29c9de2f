// Figures of a report as the results of experiments keep them.

/** `[value, low, high]` of a report's figures, by id. */
export function figuresOf({ figures }, ids) {
  const kept = figures.filter(({ id }) => ids.test(id));
  return Object.fromEntries(
    kept.map(({ id, value, interval }) => [id, interval ? [value, interval.low, interval.high] : [value]]),
  );
}
