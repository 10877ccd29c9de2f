/** The attention of one block of a network, alone. */
import type { AttentionDraws } from "../../src/model/attention/draws.ts";
import { attention } from "../../src/model/attention/operation.ts";
import { operationsOf } from "../../src/model/graph.ts";
import { type Network, parameterOf } from "../../src/model/network.ts";
import type { Forward, Run } from "../../src/model/operation.ts";
import { graphOf } from "../../src/model/transformer.ts";

/** Shapes: qkv [T][B][N][parts D]. Without draws, stochastic attention is expected attention. */
export function attend(
  network: Network,
  block: number,
  qkv: Float64Array,
  { steps, prompts }: Pick<Run, "steps" | "prompts">,
  draws: AttentionDraws | null,
): Forward {
  const operation = operationsOf(graphOf(network), "attention")[block];
  const parameter = (name: string) => parameterOf(network.parameters, name);
  return attention.forward(operation, [qkv], {
    steps,
    prompts,
    mode: "eval",
    smooth: false,
    parameter,
    draws: () => draws,
  });
}
