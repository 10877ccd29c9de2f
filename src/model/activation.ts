/** What stands between the feed-forward layers of an ANN, and after the convolutions of its stem; with gradients. */
import type { Activation, AnnSpec } from "../experiment/model.ts";
import { geluBackward, geluForward, tanhGeluBackward, tanhGeluForward } from "./gelu.ts";
import { NO_PARAMETERS, type OperationKit, type OperationOf } from "./operation.ts";

export interface ActivationOperation extends OperationOf<"activation"> {
  readonly activation: Activation;
}

export interface ActivationKit {
  readonly forward: (input: Float64Array) => Float64Array;
  /** The gradient with respect to the input, from that with respect to the output. */
  readonly backward: (outputGradient: Float64Array, input: Float64Array) => Float64Array;
}

export const ACTIVATIONS: Readonly<Record<Activation, ActivationKit>> = {
  "gelu-tanh": { forward: tanhGeluForward, backward: tanhGeluBackward },
  gelu: { forward: geluForward, backward: geluBackward },
  relu: {
    forward: (input) => input.map((x) => Math.max(0, x)),
    backward: (outputGradient, input) => outputGradient.map((dy, i) => (input[i] > 0 ? dy : 0)),
  },
};

export const activationOf = ({ activation = "gelu-tanh" }: Pick<AnnSpec, "activation">): Activation => activation;

export const activation: OperationKit<ActivationOperation> = {
  shape: (_, [{ name, ...same }]) => same,
  parameters: NO_PARAMETERS,
  forward(operation, [input]) {
    const { forward, backward } = ACTIVATIONS[operation.activation];
    return { output: forward(input), backward: (outputGradient) => [backward(outputGradient, input)] };
  },
};
