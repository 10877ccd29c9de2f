/** The public API of the hardware generator: SystemVerilog, and the values that it must give. For browsers and Node. */

// From a network: the design with its vectors.

export type { LifPins } from "./hardware/clocked-lif.ts";
export { rtlBundle } from "./rtl/bundle.ts";
export type { LifRuns } from "./rtl/lif-bundle.ts";
export { chipDesign, streamNetworkRuns } from "./rtl/network-vectors.ts";
export type { EngineRun } from "./rtl/testbench.ts";
export { networkRtl } from "./runs/rtl.ts";

// The design: its parameters, modules and files.

export type { LifParameters, LifRequest, WholeRange } from "./hardware/lif-parameters.ts";
export type { SsaParameters } from "./hardware/ssa-parameters.ts";
export type { SsaTileSettings } from "./hardware/ssa-tile.ts";
export { type SourceFiles, type SsaDesign, sourceFiles, ssaDesign } from "./rtl/design.ts";
export type {
  BinaryOperator,
  Declaration,
  Expression,
  Item,
  Module,
  Port,
  Signal,
  Statement,
} from "./rtl/syntax.ts";

// Its registers behind AXI.

export { type RegisterRow, registerRows } from "./rtl/axi/register-map.ts";

// The driver of a machine behind AXI, over any bus.

export {
  type Answer as AcceleratorAnswer,
  type Bus,
  type Constants as AcceleratorConstants,
  clear as clearAccelerator,
  clearInterrupts,
  enableInterrupts,
  expandSeeds,
  type HostPrompt,
  type Identity,
  identify as identifyAccelerator,
  loadConstants,
  queueRoom,
  runPrompt,
  runQueue,
  sendVectors,
  start as startPrompt,
  submit as submitPrompt,
  takeAnswers,
  vectorBytes,
  writeSeeds,
} from "./rtl/host/accelerator.ts";
