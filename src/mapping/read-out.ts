/**
 * What a layer needs to be read without converters. Such a layer puts out spikes, so it is refused wherever something would have to
 * be kept, or summed, that a column cannot hold.
 */
import { MappingError } from "../errors.ts";
import { type ByReadOut, type ColumnReadOut, decidingOf, forReadOut } from "../experiment/by-read-out.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { readOutField } from "../hardware/read-out.ts";
import type { LinearLayer } from "../model/layers.ts";

/** A placed layer: its lines, and the row blocks that hold them. */
interface Placed extends Pick<LinearLayer, "name" | "block" | "ownNeurons" | "attention"> {
  readonly readOut: ColumnReadOut;
  readonly lines: number;
  readonly rowBlocks: number;
  readonly reads: number;
}

/** Name of the field that chooses a layer's read-out. */
const fieldOf = (layer: Placed): string => `hardware.readOut.${readOutField(layer)}`;

/**
 * Throws MappingError where this hardware cannot read a layer as it says
 *
 * @param loads of the chip, in which the network's layers take turns
 */
export function requireColumns(layer: Placed, hardware: HardwareSpec, loads: number): void {
  if (decidingOf(layer.readOut) === null) return;
  const { name, lines, rowBlocks, reads, readOut } = layer;
  const field = fieldOf(layer);
  const refuse = (reason: string): never => {
    throw new MappingError(field, reason);
  };
  const { arithmetic, compensation, calibration, readOut: chosen } = hardware;
  if (arithmetic === null) {
    refuse(
      `${name} is read as \`${readOut.kind}\`, whose charges are whole numbers, but hardware.arithmetic is null. Leave arithmetic out, or use \`converter\`.`,
    );
  }
  if (reads > 1) {
    refuse(
      `${name} reads sums of spikes, ${reads} times for each vector, and only codes can be added up. Use \`converter\`.`,
    );
  }
  forReadOut(readOut, {
    converter: () => {},
    charge: () => {},
    comparator: () => {
      if (rowBlocks === 1) return;
      refuse(
        `A comparator decides on one row block, but the ${lines} lines of ${name} take ceil(${lines} / ${hardware.crossbar.rows}) = ${rowBlocks}. Use ` +
          `\`charge\`, which sums row blocks, crossbars of ${lines} rows, or \`converter\`.`,
      );
    },
  });
  if (loads > 1) {
    refuse(
      `${name} has no converters at its crossbars, so no other layer can take turns on them, but the chip has only ${hardware.crossbars}. Leave ` +
        "hardware.crossbars null, or use `converter`.",
    );
  }
  if (compensation.scope === "column") {
    refuse(
      `Drift of ${name} is compensated by longer pulses on its lines, which all columns share, but hardware.compensation.scope is \`column\`. Use ` +
        "`crossbar` or `tile`, or `converter`.",
    );
  }
  if (calibration === "codes" && compensation.scope !== "none" && chosen.circuit.trim === null) {
    refuse(
      `A chip that calibrates itself measures currents of ${name} by searching thresholds with the trim, but hardware.readOut.circuit.trim is null. Set ` +
        "it, set hardware.calibration to `currents`, or use `converter`.",
    );
  }
}

/** Throws MappingError where a layer would have to keep more than one token's charge, or a comparator any. */
export function requireSteps(layers: readonly Placed[], steps: number, { order }: Pick<HardwareSpec, "order">): void {
  if (steps === 1) return;
  for (const layer of layers) {
    const refusal = forReadOut(layer.readOut, KEEPING);
    const reason = refusal(order);
    if (reason === null) continue;
    throw new MappingError(fieldOf(layer), `${layer.name}, T = ${steps}: ${reason}`);
  }
}

const KEEPING: ByReadOut<(order: HardwareSpec["order"]) => string | null> = {
  converter: () => () => null,
  comparator: () => () =>
    "a comparator keeps nothing from one step to the next, as neurons do. Use `charge`, which has a membrane, a network with model.steps 1, or `converter`.",
  charge: () => (order) =>
    order === "token-major"
      ? null
      : "a column holds the charge of one token, but in step-major order all other tokens come between its steps. Set hardware.order to " +
        '"token-major", use a network with model.steps 1, or `converter`.',
};
