/** Corners of the machine's memories: a word that is written, kept, and read by every port, at both ends of the addresses. */
import type { Stream } from "../../numeric/stream.ts";
import { type MemorySize, STREAM_MEMORY, type StreamPort, stateName } from "../machine/memories.ts";
import { indexBits } from "../machine/parts.ts";
import { anyBits } from "./numbers.ts";
import { type Bits, bitsOf, type Field, flag, type Line, type Play } from "./player.ts";

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

interface Pins {
  readonly write: string | null;
  readonly address: string;
  readonly next: string;
  readonly data: string | null;
}

export const stateMemoryLines = (size: MemorySize, random: Stream): Play =>
  memoryLines(
    stateName(size),
    size,
    [{ write: "write_i", address: "address_i", next: "data_i", data: "data_o" }],
    random,
  );

export const streamMemoryLines = (size: MemorySize, ports: readonly StreamPort[], random: Stream): Play =>
  memoryLines(
    STREAM_MEMORY,
    size,
    ports.map(({ name, reads, writes }) => ({
      write: writes ? `${name}_write_i` : null,
      address: `${name}_address_i`,
      next: `${name}_data_i`,
      data: reads ? `${name}_data_o` : null,
    })),
    random,
  );

/** Outputs belong to the address of the same clock; a written word can be read from the next clock on. */
function memoryLines(block: string, { width, entries }: MemorySize, ports: readonly Pins[], random: Stream): Play {
  const words = new Map<number, { word: Bits; by: Pins }>();
  // Few addresses, so that a word is soon read after it was written.
  const used = [...new Set([0, entries - 1, ...times(4, () => random.integer(entries))])];
  const [first, last] = [0, entries - 1];
  const lines = times(400, (): Line => {
    const reached = new Set<string>();
    const values: Record<string, Bits> = {};
    const written: [number, { word: Bits; by: Pins }][] = [];
    for (const pins of ports) {
      const taken = written.map(([address]) => address);
      const free = used.filter((address) => !taken.includes(address));
      const address = free.length === 0 ? used[0] : free[random.integer(free.length)];
      const writes = pins.write !== null && free.length > 0 && random.integer(3) === 0;
      const next = anyBits(width, random);
      const known = words.get(address);
      values[pins.address] = bitsOf(address, indexBits(entries));
      if (pins.write) Object.assign(values, { [pins.write]: flag(writes), [pins.next]: next });
      if (pins.data) {
        Object.assign(values, {
          [pins.data]: known?.word ?? bitsOf(0, width),
          [`known_${pins.data}`]: flag(known !== undefined),
        });
        if (known) {
          reached.add(known.by === pins ? "reads_own" : "reads_of_other_port");
          if (address === first) reached.add("first_word");
          if (address === last) reached.add("last_word");
          if (writes) reached.add("reads_before_write");
          if (pins.write && !writes) reached.add("data_without_write");
        }
      }
      if (writes) written.push([address, { word: next, by: pins }]);
    }
    for (const [address, word] of written) words.set(address, word);
    return { values, reached: [...reached] };
  });
  const some = (is: (pins: Pins) => boolean) => ports.some(is);
  const both = some(({ write, data }) => write !== null && data !== null);
  const others =
    ports.length > 1 &&
    ports.some((from) => from.write !== null && ports.some((to) => to !== from && to.data !== null));
  const why = (reason: string, is: boolean) => (is ? null : reason);
  return {
    block,
    driven: ports.flatMap(({ write, address, next }): Field[] => [
      ...(write ? [{ name: write, width: 1 }] : []),
      { name: address, width: indexBits(entries) },
      ...(write ? [{ name: next, width }] : []),
    ]),
    compared: ports.flatMap(({ data }) => (data ? [{ name: data, width, when: `known_${data}` }] : [])),
    gates: ports.flatMap(({ data }) => (data ? [`known_${data}`] : [])),
    lines,
    points: {
      reads_own: why("no port both reads and writes", both),
      reads_of_other_port: why("there is one port", others),
      reads_before_write: why("no port both reads and writes", both),
      data_without_write: why("no port both reads and writes", both),
      first_word: null,
      last_word: null,
    },
  };
}
