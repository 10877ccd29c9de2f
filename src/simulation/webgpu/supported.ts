/** Which chips a GPU simulates with the numbers of the CPU, to the last bit; others are refused by the field that asks for more. */
import { MappingError } from "../../errors.ts";
import { decidingOf } from "../../experiment/by-read-out.ts";
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import { readOutField } from "../../hardware/read-out.ts";
import { operationsOf } from "../../model/graph.ts";
import { graphOf } from "../../model/transformer.ts";
import type { MappedNetwork } from "../chip.ts";
import { kernelsServe } from "../fast/attention.ts";
import { servedAttention } from "../served.ts";

/** Throws MappingError for a chip that the kernels in WebAssembly simulate, but those of a GPU do not. */
export function requireGpuChip(chip: MappedNetwork): void {
  const { network, hardware, mapping } = chip;
  const { adc, arithmetic } = hardware;
  const graph = graphOf(network);
  if (arithmetic === null) {
    refuse(
      "hardware.arithmetic",
      "this machine adds in floating point, which GPUs round in different ways",
      "Give it whole numbers, for example `{}`",
    );
  }
  if (hasConverterErrors(adc.errors)) {
    refuse(
      "hardware.adc.errors",
      "errors of converters are added in floating point, which GPUs round in different ways",
      "Leave the errors out",
    );
  }
  const read = mapping.layers.find(({ trainIn }) => graph.values.get(trainIn)!.domain.kind === "integers");
  if (read) {
    refuse(
      `model.operations.${read.name}`,
      `sums of spikes, which ${read.name} reads, have no kernel there`,
      "Read spikes",
    );
  }
  const decided = mapping.layers.find(({ readOut }) => decidingOf(readOut) !== null);
  if (decided) {
    refuse(
      `hardware.readOut.${readOutField(decided)}`,
      `columns of ${decided.name} decide by their charge, which has no kernel there`,
      "Use `converter`",
    );
  }
  for (const { unit } of servedAttention(chip)) {
    if (unit.unit !== "ssa-tile") {
      const { kind } = network.model.attention;
      refuse("model.attention.kind", `attention of the kind \`${kind}\` has no kernel there`, "Use `stochastic`");
    } else if (!kernelsServe(unit, chip)) {
      refuse(
        "hardware.ssa",
        "only tiles with the default registers, one pass per step, full counters and at most 64 features a head have a kernel there",
        "Leave lfsr, tileTokens and counterBits out",
      );
    }
  }
  if (operationsOf(graph, "token-mean").length > 0) {
    refuse("task.readOut", "the mean over the stream has no kernel there", "Use a network without it");
  }
  const pooled = operationsOf(graph, "pool").find(({ writes }) => graph.values.get(writes)!.domain.kind !== "bits");
  if (pooled) refuse(`model.operations.${pooled.name}`, "pooled currents have no kernel there", "Pool spikes");
}

function refuse(field: string, reason: string, way: string): never {
  throw new MappingError(
    field,
    `A GPU does not simulate this chip with the numbers of the CPU: ${reason}. ${way}, or use the backend \`wasm\`, which does.`,
  );
}
