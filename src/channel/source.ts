/**
 * Where the channels of slots come from: a model draws them, or a file of another program holds them.
 *
 * Slot i of an evaluation goes over response i of the file's part for tests, modulo their number, so that every response counts alike;
 * slots of a training go over responses drawn at random. Parts are those of `given.ts`.
 */
import { ShapeError, SpecError } from "../errors.ts";
import type { ChannelSpec, FileChannelSpec } from "../experiment/channel.ts";
import type { Stream } from "../numeric/stream.ts";
import { type GivenResponses, type ResponsePart, responsePart } from "./given.ts";
import type { SlotGrid } from "./grid.ts";
import { channelModel } from "./model.ts";
import { drawSlot, type Slot, type SlotRequest, slotOver } from "./slot.ts";

/** The channels of a file on the grid of a slot, as plain data. */
export interface GivenChannels {
  readonly count: number;
  /** `[count, symbols, subcarriers, Nr, Nt]`, complex. */
  readonly values: Float32Array;
}

/** Slot number `index`. Throws as `drawSlot`, and SpecError when the channels of a file are missing */
export type SlotSource = (
  request: Omit<SlotRequest, "model">,
  random: Stream,
  index: number,
  part: ResponsePart,
) => Slot;

/** Throws  as `channelModel`; ShapeError for channels of another grid */
export function slotSource(spec: ChannelSpec, grid: SlotGrid, given: GivenChannels | null): SlotSource {
  if (spec.kind !== "file") {
    const model = channelModel(spec, grid.transmitAntennas, grid.receiveAntennas);
    return (request, random, index) => drawSlot({ ...request, model }, random, index);
  }
  if (given === null) {
    return () => {
      throw withoutChannels(spec);
    };
  }
  const responses = responsesOf(given, grid);
  return (request, random, index, part) => {
    const own = responsePart(responses, part);
    const place = part === "training" ? random.fork("channel", index).integer(own.count) : index % own.count;
    return slotOver(own.at(place), request, random, index);
  };
}

export const withoutChannels = ({ file }: FileChannelSpec): SpecError =>
  new SpecError(
    "task.channel.file",
    `The channels of ${file} were not read. Run the experiment with the command xpike, which reads files; a browser draws channels: set task.channel.kind to \`tdl\` or \`cdl\`.`,
  );

function responsesOf({ count, values }: GivenChannels, grid: SlotGrid): GivenResponses {
  const size = 2 * grid.symbols * grid.subcarriers * grid.receiveAntennas * grid.transmitAntennas;
  if (values.length !== count * size) {
    throw new ShapeError(
      "data.values",
      `${count} channels of this grid have ${count * size} numbers, not ${values.length}.`,
    );
  }
  return { count, at: (index) => Float64Array.from(values.subarray(index * size, (index + 1) * size)) };
}

/** Responses as plain data. */
export function givenChannels({ count, at }: GivenResponses): GivenChannels {
  const size = at(0).length;
  const values = new Float32Array(count * size);
  for (let i = 0; i < count; i++) values.set(at(i), i * size);
  return { count, values };
}
