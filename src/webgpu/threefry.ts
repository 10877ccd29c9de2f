/**
 * WGSL of Threefry-2x32-20, a counter-based random stream: two words per key and counter. Twin: `threefry2x32` in `numeric/stream.ts`. Five
 * groups of four rounds, with a key injection after each; all of it is in whole numbers, so it is the same on every GPU.
 */
export const THREEFRY = `
fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  var keys = array<u32, 3>(key.x, key.y, key.x ^ key.y ^ 0x1bd11bdau);
  var turns = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
  var x0 = counter.x + key.x;
  var x1 = counter.y + key.y;
  for (var g = 1u; g <= 5u; g++) {
    for (var r = 0u; r < 4u; r++) {
      let left = turns[4u * ((g - 1u) % 2u) + r];
      x0 += x1;
      x1 = ((x1 << left) | (x1 >> (32u - left))) ^ x0;
    }
    x0 += keys[g % 3u];
    x1 += keys[(g + 1u) % 3u] + g;
  }
  return vec2u(x0, x1);
}
`;
