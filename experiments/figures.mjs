// Figures and numbers in the form that experiments store.

/** A report's figures by id, each as `[value, low, high]`. */
export function figuresOf({ figures }, ids) {
  const kept = figures.filter(({ id }) => ids.test(id));
  return Object.fromEntries(
    kept.map(({ id, value, interval }) => [id, interval ? [value, interval.low, interval.high] : [value]]),
  );
}

/** For `JSON.stringify`: numbers with the five digits that records keep. */
export const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
