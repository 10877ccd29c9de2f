/**
 * Hypervolume: the area that points with two costs, both minimised, dominate up to a reference point. Measures a front in one number.
 */
export function hypervolume(points: readonly (readonly number[])[], [right, top]: readonly [number, number]): number {
  const inside = points.filter(([x, y]) => x < right && y < top).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [area, height] = [0, top];
  for (const [x, y] of inside) {
    if (y >= height) continue;
    area += (right - x) * (height - y);
    height = y;
  }
  return area;
}
