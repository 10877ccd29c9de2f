/** WGSL of a sum over the lanes of a group in a fixed tree: neighbours at distance 128, 64, ..., 1. */
export const treeSum = (lanes: number): string => `
var<workgroup> summands: array<f32, ${lanes}>;
fn treeSum(lane: u32, own: f32) -> f32 {
  summands[lane] = own;
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { summands[lane] += summands[lane + half]; }
  }
  workgroupBarrier();
  return summands[0];
}
`;
