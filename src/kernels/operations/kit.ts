/** What a pass needs of each kind of operation: what it reserves, and what it runs, forward and backward. */
import type { LinearOperation } from "../../model/linear.ts";
import type { OperationOf } from "../../model/operation.ts";
import type { Operation } from "../../model/operations.ts";
import type { ReadOutOperation } from "../../model/read-out.ts";
import type { Arena, PackedBits, Place } from "../arena.ts";
import type { DrawSource } from "../attention.ts";
import type { ConvolutionSize } from "../convolution.ts";
import type { Form, Held } from "../held.ts";
import type { ColumnMoments, Ops } from "../ops.ts";
import type { ParameterOffsets, PassOptions } from "../pass.ts";

/** Bits or columns as numbers, for readers that take nothing else. The planner inserts it. */
export type NumbersOperation = OperationOf<"numbers">;

export type PassOperation = Operation | NumbersOperation;

/** An operation as a pass runs it: those that kernels compute together are one node. */
export interface PassNode<O extends PassOperation = PassOperation> {
  readonly operation: O;
  /** Values, of which `targets` need a gradient; null for the others. */
  readonly reads: readonly string[];
  readonly targets: readonly (string | null)[];
  readonly writes: string;
  /** Number of this linear layer in the network, for the counters of its noise. */
  readonly index: number;
  /** Of a linear layer on windows. Those of numbers are not read but gathered on the way: then it reads the map itself. */
  readonly size: ConvolutionSize | null;
  /** Of LayerNorm: the read-out, whose tokens are all that it normalises. */
  readonly answers: ReadOutOperation | null;
}

/** A value before it has a place. */
export type Shape = Pick<Held, "steps" | "rows" | "features"> & { readonly form: Form };

export interface PlanContext {
  readonly arena: Arena;
  readonly options: PassOptions;
  /** Time steps; 1 for a network without neurons. */
  readonly steps: number;
  readonly maxPrompts: number;
  readonly training: boolean;
  /** The head of a network with neurons, which the read-out takes on. */
  readonly head: LinearOperation | null;
  /** Whether rows are those of a network with neurons, whose linear layers leave their offset to the reader. */
  readonly spiking: boolean;
  readonly reads: readonly Shape[];
  /** Rows, without form, of the value written, as the graph says. */
  readonly written: Omit<Shape, "form">;
  /** Whether its spikes are read by a linear layer only, which then computes gradients only where the gate is open. */
  readonly gated: boolean;
}

/** Words by name of array. */
type Words = Readonly<Record<string, number>>;

/** Where the gradient of a value read may lie: in the place of the result's gradient, which it is; in it, overwritten; or elsewhere. */
export type GradientPlace = "same" | "over" | "apart";

export interface Planned {
  readonly writes: Shape;
  /** The result is at the place of the first value read. */
  readonly view?: boolean;
  /** Bits with a gate. */
  readonly gate?: boolean;
  /** The result may overwrite the value read at this position. */
  readonly overwrites?: number;
  /** Where the kind has reserved its result, or arrays that stay, itself. */
  readonly placed?: { readonly bits: PackedBits } | { readonly at: Place };
  readonly placedArrays?: Readonly<Record<string, Place>>;
  /** Arrays that operations with the same key share. */
  readonly shared?: Readonly<Record<string, { readonly key: object; readonly words: number }>>;
  /** Arrays that stay; that the backward pass reads; and that one call of `forward` or of `backward` needs. */
  readonly lasting?: Words;
  readonly kept?: Words;
  readonly forwardWork?: Words;
  readonly backwardWork?: Words;
  readonly scratch: number;
  /** Positions of numbers and columns read whose values the backward pass reads again. */
  readonly needs?: readonly number[];
  /** By position. */
  readonly gradients: readonly GradientPlace[];
  /** `backward` can add to a gradient. */
  readonly adds?: boolean;
  /** `backward` overwrites the gradient of the result. */
  readonly spoils?: boolean;
}

/** Resolved places of one call. */
export interface Places {
  readonly reads: readonly Held[];
  readonly writes: Held;
  /** Own arrays, by name. */
  readonly own: Readonly<Record<string, Place>>;
}

export interface BackwardPlaces extends Places {
  /** Gradient of the result. */
  readonly d: Place;
  /** Of the values read: where, and whether it is added to. */
  readonly targets: readonly ({ readonly at: Place; readonly adds: boolean } | null)[];
}

/** What changes from one call of a pass to the next. */
export interface Call {
  prompts: number;
  /** The scale of the gradients times the answers, because the loss is a sum over answers and the penalty is not. */
  penaltyScale: number;
  penaltyTally: Place;
}

export interface BindContext<O extends PassOperation = PassOperation> {
  readonly node: PassNode<O>;
  readonly ops: Ops;
  readonly parameters: ParameterOffsets;
  readonly options: PassOptions;
  readonly steps: number;
  readonly spiking: boolean;
  readonly scratch: Place;
  /** Written before each forward pass, so that passes may share a region. */
  constant(at: Place, values: Uint8Array | Uint32Array | Int32Array): void;
  readonly draws: PassDraws;
  readonly noise: OutputNoise | null;
  /** On the firing rates of layers, as `penaliseRate` takes it. Twin: `model/spike-rate.ts`. */
  readonly penalty: { readonly rate: number; readonly weight: number; readonly scratch: Place } | null;
  /** BatchNorm statistics of the last micro-batch, by layer. */
  readonly statistics: Record<string, ColumnMoments>;
}

/** Noise on the outputs of linear layers: a row for its deviations, and the threshold that they are relative to without BatchNorm. */
export interface OutputNoise {
  readonly deviations: Place;
  readonly threshold: number;
}

export interface PassDraws extends DrawSource {
  /** Key of the noise on pre-activations; layer i draws from the counters with upper half i. */
  noiseKey: readonly [number, number];
}

export type Run = (call: Call) => void;

export interface PassKit<O extends PassOperation> {
  /** Forms in which it reads the value at a position. */
  accepts(position: number, spiking: boolean): readonly Form[];
  plan(node: PassNode<O>, context: PlanContext): Planned;
  forward(context: BindContext<O>, places: Places): Run;
  backward(context: BindContext<O>, places: BackwardPlaces): Run;
}

export const NUMBERS: readonly Form[] = ["numbers"];
export const BITS_OR_NUMBERS: readonly Form[] = ["bits", "numbers"];
