/** Corners of a queue: empty, full, full while one comes as one leaves, and a reset while vectors wait. */
import type { Stream } from "../../numeric/stream.ts";
import { type QueueSize, queueName } from "../machine/memories.ts";
import { anyBits } from "./numbers.ts";
import { bitsOf, flag, type Line, type Play } from "./player.ts";

export function queueLines(size: QueueSize, random: Stream): Play {
  const { width, entries, isGuarded = false } = size;
  const waiting: string[] = [];
  const lines: Line[] = [];
  /** In turn it fills, empties, and neither. */
  const turn = 2 * entries + 8;
  while (lines.length < 6 * turn + 60) {
    const phase = Math.floor(lines.length / turn) % 3;
    const isRunning = lines.length > 0 && random.integer(Math.max(40, 2 * turn)) > 0;
    if (!isRunning && waiting.length > 0) waiting.splice(0);
    const wasFilled = !isRunning && lines.length > 0;
    const isFull = waiting.length === entries;
    const pop = isRunning && waiting.length > 0 && random.integer(8) < [1, 7, 4][phase];
    const push = isRunning && (!isFull || pop) && random.integer(8) < [7, 1, 5][phase];
    const data = anyBits(width, random);
    lines.push({
      values: {
        rst_ni: flag(isRunning),
        push_i: flag(push),
        data_i: data,
        pop_i: flag(pop),
        valid_o: flag(waiting.length > 0),
        holds: flag(waiting.length > 0),
        data_o: waiting[0] ?? bitsOf(0, width),
        full_o: flag(isFull),
      },
      reached: [
        ...(wasFilled ? ["reset"] : []),
        ...(isRunning && waiting.length === 0 ? ["empty"] : []),
        ...(isFull ? ["full"] : []),
        ...(isFull && push ? ["full_passes_on"] : []),
      ],
    });
    if (pop) waiting.shift();
    if (push) waiting.push(data);
  }
  return {
    block: queueName(size),
    driven: [
      { name: "rst_ni", width: 1 },
      { name: "push_i", width: 1 },
      { name: "data_i", width },
      { name: "pop_i", width: 1 },
    ],
    compared: [
      { name: "valid_o", width: 1, when: null },
      { name: "data_o", width, when: "holds" },
      ...(isGuarded ? [{ name: "full_o", width: 1, when: null }] : []),
    ],
    gates: ["holds"],
    lines,
    points: { empty: null, full: null, full_passes_on: null, reset: null },
  };
}
