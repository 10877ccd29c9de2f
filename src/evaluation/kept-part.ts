/**
 * The part of one chip that a thread keeps between sessions. A session's own part goes with the session. Whoever evaluates machine after
 * machine, such as the studio, gives its network a name; machines that program the same devices, and differ in converters, drift
 * compensation or time steps only, then share the programmed first chip.
 */
import type { Stream } from "../numeric/stream.ts";
import { type Chip, equipChip, type MappedNetwork, programChip } from "../simulation/chip.ts";

/** By thread: jobs of several threads may run in one process. */
const kept = new Map<number, { readonly key: string; readonly part: Chip }>();

/**
 * A part equipped as `machine` says: programmed, unless `name` and the placement of the weights are those of the part that the thread
 * keeps. It is kept from then on, and the one before is dropped first, because two would take twice the memory.
 *
 * @param name of whatever else decides the programmed devices: network, chip, seed and `programmingKey`
 */
export function partFor(
  thread: number,
  name: string,
  { network, mapping, hardware }: MappedNetwork,
  random: Stream,
): Chip {
  const placed = mapping.layers.map(({ name, lines, blocks }) => [name, lines, blocks]);
  const key = JSON.stringify([name, placed]);
  if (kept.get(thread)?.key !== key) kept.delete(thread);
  const before = kept.get(thread)?.part;
  const part = before
    ? equipChip({ ...before, network }, mapping, hardware, random)
    : programChip(network, mapping, hardware, random);
  kept.set(thread, { key, part });
  return part;
}
