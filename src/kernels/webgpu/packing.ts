/**
 * WGSL that packs spikes: a lane is a neuron and keeps what it did at up to 32 steps as the bits of one word; then 32 lanes exchange these
 * through the group's memory, and each writes the word of one step. So a neuron waits for others once in 32 steps, and no lane writes
 * into another's word.
 */

/** Steps after which spikes are packed. */
export const PACKED_STEPS = 32;

/** `name`: an array in the group's memory with a word for each of `lanes` lanes; `<name>Packed` gathers from 32 of them. */
export const packing = (name: string, lanes: number): string => `
var<workgroup> ${name}: array<u32, ${lanes}>;

/** Bit \`bit\` of the words of 32 lanes, from lane 32 \`slot\`. */
fn ${name}Packed(slot: u32, bit: u32) -> u32 {
  var word = 0u;
  for (var b = 0u; b < 32u; b++) { word |= ((${name}[32u * slot + b] >> bit) & 1u) << b; }
  return word;
}
`;
