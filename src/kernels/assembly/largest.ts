/**
 * The largest of many currents that arrive strip by strip: what a quantile near 1 needs, without storing or sorting the others.
 * Twin: `quantile` in `numeric/quantile.ts`.
 *
 * A sample consists of the number of gathered values (i32), the limit above which values are gathered (f32) and, from byte 64 on,
 * the values. When it is full, all values except the `kept` largest are dropped, and the limit becomes the smallest of these: a
 * value that does not exceed it cannot be among the `kept` largest, or equals one that is. A new sample starts with two zeros.
 */

const VALUES: usize = 64;

/**
 * Gathers from lines [vectors, 16]: all of them or, if `differential`, the absolute values of the 8 differences of lines c and 8
 * + c. Unused lines are 0, which is never gathered. `room`: capacity in values, at least kept + 16.
 */
export function keepLargest(lines: usize, vectors: i32, differential: i32, kept: i32, room: i32, sample: usize): void {
  let limits = f32x4.splat(load<f32>(sample, 4));
  for (let v = 0; v < vectors; v++, lines += 64) {
    let a = v128.load(lines, 0);
    let b = v128.load(lines, 16);
    let c = v128.load(lines, 32);
    let d = v128.load(lines, 48);
    if (differential) {
      a = f32x4.abs(f32x4.sub(a, c));
      b = f32x4.abs(f32x4.sub(b, d));
      c = f32x4.splat(0);
      d = c;
    }
    const above = v128.or(
      v128.or(f32x4.gt(a, limits), f32x4.gt(b, limits)),
      v128.or(f32x4.gt(c, limits), f32x4.gt(d, limits)),
    );
    if (!v128.any_true(above)) continue;
    if (load<i32>(sample) + 16 > room) limits = f32x4.splat(dropSmaller(sample, kept));
    gather(sample, a);
    gather(sample, b);
    gather(sample, c);
    gather(sample, d);
  }
}

/** The `kept`-th largest value, or 0 if fewer were gathered. */
export function smallestKept(sample: usize, kept: i32): f32 {
  return dropSmaller(sample, kept);
}

function gather(sample: usize, values: v128): void {
  gatherOne(sample, f32x4.extract_lane(values, 0));
  gatherOne(sample, f32x4.extract_lane(values, 1));
  gatherOne(sample, f32x4.extract_lane(values, 2));
  gatherOne(sample, f32x4.extract_lane(values, 3));
}

// @ts-ignore: decorator
@inline
function gatherOne(sample: usize, value: f32): void {
  if (value <= load<f32>(sample, 4)) return;
  const count = load<i32>(sample);
  store<f32>(sample + ((<usize>count) << 2), value, VALUES);
  store<i32>(sample, count + 1);
}

/** Leaves the `kept` largest values, and returns the smallest of them as the new limit; the old limit if there are fewer. */
function dropSmaller(sample: usize, kept: i32): f32 {
  const count = load<i32>(sample);
  if (count < kept) return load<f32>(sample, 4);
  const values = sample + VALUES;
  select(values, count, kept - 1);
  const limit = load<f32>(values + ((<usize>(kept - 1)) << 2));
  store<i32>(sample, kept);
  store<f32>(sample, limit, 4);
  return limit;
}

/**
 * Moves the value at `rank`, in descending order, to its place, with larger values before it: Hoare's FIND (Algorithm 65, CACM 4
 * (1961)).
 */
function select(values: usize, count: i32, rank: i32): void {
  let left = 0;
  let right = count - 1;
  while (left < right) {
    const pivot = load<f32>(values + ((<usize>rank) << 2));
    let i = left;
    let j = right;
    while (i <= j) {
      while (load<f32>(values + ((<usize>i) << 2)) > pivot) i++;
      while (pivot > load<f32>(values + ((<usize>j) << 2))) j--;
      if (i <= j) {
        const value = load<f32>(values + ((<usize>i) << 2));
        store<f32>(values + ((<usize>i) << 2), load<f32>(values + ((<usize>j) << 2)));
        store<f32>(values + ((<usize>j) << 2), value);
        i++;
        j--;
      }
    }
    if (j < rank) left = i;
    if (rank < i) right = j;
  }
}
