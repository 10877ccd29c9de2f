/**
 * Constants that a host can load, so that a recalibrated chip, an aged one, or another network of the same shape needs no new bitstream:
 * factors, offsets, positions and thresholds, and the cells of crossbars of memory.
 *
 * They lie behind the seeds in the machine's window of words of 32 bits, memory after memory. A memory's word takes a power of two of them,
 * the low bits first; its last one writes all of it, from a shift register that every memory sees:
 *
 *   load_data_i   the last words of the window that were written, the newest in the high bits
 *   Base          of a memory: the window's number of its first word
 */
import { unused } from "../encoder.ts";
import * as sv from "../syntax.ts";
import type { MemorySize } from "./memories.ts";
import { blockMemory, both, filled, indexBits } from "./parts.ts";

/** Bits of a word of the window. */
export const LOAD_BITS = 32;

interface Place {
  /** The window's number of its first word. */
  readonly base: number;
  readonly size: MemorySize;
}

export interface Loads {
  /** By the file of the contents. */
  readonly places: ReadonlyMap<string, Place>;
  /** Words of the window before, and with the constants. */
  readonly seedWords: number;
  readonly windowWords: number;
  /** Words of the window in the longest word of a memory. */
  readonly lanes: number;
  /** Of places and formats: contents with another one are those of another machine. */
  readonly layout: number;
}

/** Words of the window for a word of a memory. */
export const lanesOf = ({ width }: Pick<MemorySize, "width">): number =>
  2 ** Math.ceil(Math.log2(Math.ceil(width / LOAD_BITS)));

/** Pins by which a memory, or a layer with memories, sees what is loaded. */
export const loadPorts = ({ windowWords, lanes }: Loads) => [
  sv.input("load_i"),
  sv.input("load_address_i", indexBits(windowWords)),
  sv.input("load_data_i", LOAD_BITS * lanes),
];

type LoadPins = sv.Signals<"load_i" | "load_address_i" | "load_data_i">;

/** The same pins of an instance inside. */
export const loadPins = ({ load_i, load_address_i, load_data_i }: LoadPins) => ({
  load_i,
  load_address_i,
  load_data_i,
});

/** Parameter with the place of a memory of this file. */
export const baseOf = ({ places }: Loads, file: string) => ({ Base: sv.decimal(places.get(file)!.base) });
export const BASE: readonly [string, sv.Expression] = ["Base", sv.decimal(0)];

/** What a memory needs to take its words: signals, and the statement that writes. */
export function loading(pins: LoadPins, words: sv.Signal): { readonly items: sv.Item[]; readonly write: sv.Statement } {
  const { load_i, load_address_i: address, load_data_i: data } = pins;
  const size = { width: words.width!, entries: words.entries! };
  const [lanes, bits] = [lanesOf(size), address.width!];
  const laneBits = Math.log2(lanes);
  const offset = sv.signal("load_offset", bits);
  const isOwn = sv.signal("loads");
  const base = sv.cast(bits, sv.name("Base"));
  const first = data.width! - LOAD_BITS * lanes;
  const index = sv.slice(offset, laneBits + indexBits(size.entries) - 1, laneBits);
  const isLast = laneBits === 0 ? [] : [sv.allOnes(sv.slice(offset, laneBits - 1, 0))];
  const own = sv.slice(data, first + size.width - 1, first);
  const low = first === 0 ? [] : [sv.slice(data, first - 1, 0)];
  const high = first + size.width === data.width ? [] : [sv.slice(data, data.width! - 1, first + size.width)];
  const others = [...high, ...low];
  return {
    items: [
      sv.declare(offset),
      sv.declare(isOwn),
      sv.wire(offset, sv.binary(address, "-", base)),
      sv.wire(
        isOwn,
        both(
          load_i,
          sv.binary(address, ">=", base),
          sv.binary(offset, "<", sv.sized(bits, size.entries * lanes)),
          ...isLast,
        ),
      ),
      ...(others.length === 0 ? [] : unused("load", others.length === 1 ? others[0] : sv.concat(...others))),
    ],
    write: sv.when(isOwn, [sv.set(sv.bit(words, index), own)]),
  };
}

export const loadableName = ({ width, entries }: MemorySize): string => `loadable_memory_${width}x${entries}`;

/**
 * Constants of a layer that can be loaded.
 *
 * @param latency clocks from the address to the word
 */
export function loadableMemory(size: MemorySize, loads: Loads, latency: 0 | 1): sv.Module {
  const { width, entries } = size;
  const ports = [sv.CLOCK, sv.input("address_i", indexBits(entries)), sv.output("data_o", width), ...loadPorts(loads)];
  const declared = [latency === 0 ? sv.memory(width, "words", entries) : blockMemory(width, "words", entries, false)];
  const s = sv.signals(ports, declared);
  const { items, write } = loading(s, s.words);
  const word = sv.bit(s.words, s.address_i);
  return {
    name: loadableName(size),
    header: [
      `${entries} words of ${width} bits, constants of a layer from the file Contents, one word per line, until others are loaded: ${lanesOf(size)} words of the window at Base for each.`,
      latency === 0
        ? "Latency: data_o belongs to address_i of the same clock."
        : "Latency: 1 clock from address_i to data_o.",
    ],
    parameters: [["Contents", sv.text("")], BASE],
    isBlackBox: latency === 0,
    ports,
    items: [
      ...declared,
      filled("Contents", s.words),
      ...items,
      ...(latency === 0 ? [sv.wire(s.data_o, word)] : []),
      sv.clocked(...(latency === 0 ? [] : [sv.set(s.data_o, word)]), write),
    ],
  };
}

/** The machine's part: seeds go on to attention, and words behind them to all memories. */
export function loadItems(loads: Loads, pins: sv.Signals<"seed_write_i" | "seed_address_i" | "seed_data_i">) {
  const bits = indexBits(loads.windowWords);
  const declared = [
    sv.logic(1, "load", "seed_write"),
    sv.logic(indexBits(loads.seedWords), "seed_address"),
    sv.logic(LOAD_BITS * loads.lanes, "load_data"),
  ];
  const before = sv.signal("loaded_q", LOAD_BITS * (loads.lanes - 1));
  const s = sv.signals([], declared);
  const isSeed = sv.binary(pins.seed_address_i, "<", sv.sized(bits, loads.seedWords));
  const isLong = loads.lanes > 1;
  const items: sv.Item[] = [
    ...declared,
    ...(isLong ? [sv.declare(before)] : []),
    sv.wire(s.seed_write, both(pins.seed_write_i, isSeed)),
    sv.wire(s.seed_address, sv.slice(pins.seed_address_i, s.seed_address.width! - 1, 0)),
    sv.wire(s.load, both(pins.seed_write_i, sv.isFalse(isSeed))),
    sv.wire(s.load_data, isLong ? sv.concat(pins.seed_data_i, before) : pins.seed_data_i),
    ...(isLong
      ? [sv.clocked(sv.when(s.load, [sv.set(before, sv.slice(s.load_data, s.load_data.width! - 1, LOAD_BITS))]))]
      : []),
  ];
  return {
    items,
    seeds: { seed_write_i: s.seed_write, seed_address_i: s.seed_address, seed_data_i: pins.seed_data_i },
    layerPins: { load_i: s.load, load_address_i: pins.seed_address_i, load_data_i: s.load_data },
  };
}
