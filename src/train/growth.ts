/**
 * Stages with fewer blocks than the model (`training.stages[].depth`): a network that grows during training. When a stage has
 * more blocks than the one before, training continues from the deepened network (`deepen`).
 */
import { SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { depthOf, isTransformer } from "../experiment/model.ts";
import type { Geometry } from "../model/geometry.ts";
import { type Network, parameterLayout, type Tensor } from "../model/network.ts";
import { deepen, hasShortcut } from "./initial.ts";

/** Number of blocks of the network in a stage; after the last stage, that of the model. */
export const stageDepth = ({ model, training }: Experiment, stage: number): number =>
  training.stages[stage]?.depth ?? depthOf(model);

/** The experiment with the number of blocks that its network has in a stage. */
export const atStage = <E extends Experiment>(experiment: E, stage: number): E =>
  isTransformer(experiment.model)
    ? { ...experiment, model: { ...experiment.model, depth: stageDepth(experiment, stage) } }
    : experiment;

/**
 * Throws SpecError, at the stage, when a network would lose blocks, end with another depth than the model's, or change its
 * answers by growing.
 */
export function checkGrowth(experiment: Experiment): void {
  const { model, training } = experiment;
  const { stages } = training;
  stages.forEach(({ name, depth }, i) => {
    if (depth === undefined) return;
    const fail = (reason: string): never => {
      throw new SpecError(
        `training.stages[${i}].depth`,
        `The stage "${name}" has ${depth} block${depth === 1 ? "" : "s"}, ${reason}`,
      );
    };
    if (!isTransformer(model)) fail("but a model that lists its operations has none. Leave depth out.");
    const all = depthOf(model);
    const [before, after] = [i === 0 ? 1 : stageDepth(experiment, i - 1), stageDepth(experiment, i + 1)];
    if (depth > all) fail(`the model ${all}. Give at most as many, or a deeper model.`);
    if (depth < before) fail(`the one before ${before}, but a network cannot lose blocks. Give at least as many.`);
    if (i === stages.length - 1 && depth < all) {
      fail(`and is the last, but the model has ${all}. Leave depth out, or add a stage.`);
    }
    if (depth < after && !hasShortcut(model)) {
      fail(
        `the next ${after}, but new blocks would change the stream before they have learned anything. Let blocks add to the stream: model.residual ` +
          "`membrane` and model.outputProjection.",
      );
    }
  });
}

/**
 * Turns the state at the end of a stage into the state at the start of the next one, `state.stage`. If that stage has more
 * blocks, the network is deepened and its moments are fresh. `geometry` is that of the network, whatever its depth.
 */
export function grown<S extends { readonly stage: number; readonly parameters: Network["parameters"] }>(
  state: S,
  experiment: Experiment,
  geometry: Geometry,
): S & Record<"parameters" | "first" | "second", Network["parameters"]> {
  const { stage, parameters } = state;
  const [before, after] = [atStage(experiment, stage - 1).model, atStage(experiment, stage).model];
  const learned = parameterLayout(after, geometry).filter((parameter) => parameter.learned);
  const blank = (): Record<string, Tensor> =>
    Object.fromEntries(
      learned.map(({ name, shape }) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }]),
    );
  const deeper = deepen({ model: before, geometry, parameters }, after);
  return { ...state, parameters: deeper.parameters, first: blank(), second: blank() };
}
