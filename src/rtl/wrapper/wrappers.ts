/** Wrappers of a machine for systems-on-chip, as file names and texts: what `xpike rtl --machine --wrapper` adds to a machine's folder. */
import { invariant } from "../../errors.ts";
import { machineFacts } from "../axi/register-map.ts";
import { axiModules } from "../axi/top.ts";
import { FILE_LIST, fileList } from "../bundle.ts";
import { type SourceFiles, sourceFiles } from "../design.ts";
import { type MachineProvenance, marked, originOf } from "../kit/bundle.ts";
import type { MachineDesign } from "../machine/design.ts";
import { HOST_TOP, hostModules, packetsOf } from "./host-top.ts";
import type { Wrapped, WrapperKit, WrapperName } from "./kit.ts";
import { litexFiles } from "./litex.ts";
import { zynqFiles } from "./zynq.ts";

const KITS: Readonly<Record<WrapperName, WrapperKit>> = { litex: litexFiles, zynq: zynqFiles };

export interface Wrapper {
  readonly name: WrapperName;
  /** Bits of the streams at the bus. */
  readonly bits: number;
}

/**
 * The machine's folder with a wrapper. The same arguments give the same texts.
 *
 * @param machine files of `machineBundle` for the design
 * Throws  SpecError for a width that buses do not have
 */
export function wrapperFiles(
  design: MachineDesign,
  machine: SourceFiles,
  from: MachineProvenance,
  { name, bits }: Wrapper,
): SourceFiles {
  // Only machines of macros have prompts in flight.
  invariant(design.plan.inFlight === null, "a wrapper holds a machine with an AXI edge");
  const facts = machineFacts(design, from);
  const edge = axiModules(facts);
  const modules = hostModules(facts, bits);
  const origin = originOf(from);
  const own = sourceFiles(
    modules.map((module) => marked(module, origin)),
    [...design.modules, ...edge],
  );
  const kit = KITS[name];
  const wrapped: Wrapped = {
    facts,
    bits,
    clock: design.plan.timing.clock,
    sources: [...design.modules, ...edge, ...modules].map((module) => `${module.name}.sv`),
    contents: Object.keys(design.constants),
    origin,
  };
  const { vectors, answers } = packetsOf(facts, bits);
  const readme = `# ${kit.title}

\`${HOST_TOP}\` is the machine with streams of ${bits} bits and \`tkeep\`, as DMA engines have them: a prompt is a packet of ${vectors} bytes, and its
answers are a packet of ${answers}.

${kit.readme(wrapped)}`;
  return {
    ...machine,
    ...own,
    ...kit.files(wrapped),
    [FILE_LIST]: machine[FILE_LIST] + fileList(own),
    "README.md": `${machine["README.md"]}\n${readme}`,
  };
}
