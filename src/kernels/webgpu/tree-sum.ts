/** WGSL of the sum and the maximum over the lanes of a group in a fixed tree: neighbours at half of the lanes, a quarter, ..., 1. */
const tree = (name: string, lanes: number, join: (a: string, b: string) => string): string => `
fn ${name}(lane: u32, own: f32) -> f32 {
  // Lanes may still read the result of the last call.
  workgroupBarrier();
  joined[lane] = own;
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { joined[lane] = ${join("joined[lane]", "joined[lane + half]")}; }
  }
  workgroupBarrier();
  return joined[0];
}
`;

const held = (lanes: number): string => `
var<workgroup> joined: array<f32, ${lanes}>;
`;

export const treeSum = (lanes: number): string => held(lanes) + tree("treeSum", lanes, (a, b) => `${a} + ${b}`);

/** Both, as `treeSum` and `treeMost`. */
export const treeSumAndMost = (lanes: number): string =>
  treeSum(lanes) + tree("treeMost", lanes, (a, b) => `max(${a}, ${b})`);
