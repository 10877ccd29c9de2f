/**
 * What the package's types promise a strict project. Compiled by `test/packed.browser.test.ts` against the packed package: a violated
 * expectation is a compiler error.
 */
import {
  type AnnSpec,
  type Composed,
  compose,
  type Experiment,
  type ExperimentDocument,
  foldNetwork,
  type GraphSpec,
  isSpiking,
  type ModelSpec,
  parseExperiment,
  type TaskSpec,
  type TrainOptions,
  type TransformerSpec,
  train,
} from "xpikeformer";
import { bundledNetwork, nodeExecutor } from "xpikeformer/node";

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const holds = <_First extends true, _Second extends true = true>(): void => {};

const spiking = parseExperiment({ model: { width: 32 }, training: { stages: [{ steps: 1 }] } });
holds<Same<typeof spiking.model, TransformerSpec>>();
const ann = parseExperiment({ model: { kind: "ann" } });
holds<Same<typeof ann.model, AnnSpec>>();
const images = parseExperiment({ task: { kind: "image-classification" } });
export const patch: number = images.task.patch;

// Values known only to the program's user may be of any kind.
const text = parseExperiment("{}");
holds<Same<typeof text, Experiment>>();
const parsed = parseExperiment(JSON.parse("{}"));
holds<Same<typeof parsed.model, ModelSpec>, Same<typeof parsed.task, TaskSpec>>();
const document: ExperimentDocument = {};
const given = parseExperiment(document);
holds<Same<typeof given.model, ModelSpec>, Same<typeof given.task, TaskSpec>>();
const preset = parseExperiment({ preset: "wireless-2x2", model: { steps: 8 } });
holds<Same<typeof preset.model, ModelSpec>>();

export async function trainAll(): Promise<void> {
  const options: TrainOptions = { executor: nodeExecutor(1) };
  foldNetwork((await train(spiking, options)).network);
  // @ts-expect-error: a conventional transformer has nothing to fold
  foldNetwork((await train(ann, options)).network);
  const { network } = await train(text, options);
  // @ts-expect-error: it may be a conventional transformer
  foldNetwork(network);
  if (isSpiking(network)) foldNetwork(network);
  if (isSpiking(text)) foldNetwork((await train(text, options)).network);
}

const stream = compose({ inputs: 6 }).linear("embed", 24);
const mixed = stream.neurons("bits").attention("mix", { heads: 1 });
holds<Same<typeof mixed, Composed<"spikes", 8, "tokens">>>();
// @ts-expect-error: 24 features and 8
stream.add("sum", mixed.linear("back", 8));
// @ts-expect-error: neurons take currents
mixed.neurons("wrong");
const operations = stream.add("sum", mixed.linear("back", 24)).neurons("last").readOut();
const graph = parseExperiment({ model: { kind: "graph", operations } });
holds<Same<typeof graph.model, GraphSpec>>();

export const file: string = bundledNetwork("wireless-2x2-ann");
