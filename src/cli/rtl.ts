/** `xpike rtl`: SystemVerilog of an experiment's attention engine and LIF unit with vectors of its trained network; `verify` and `synth`. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { FileError, SpecError } from "../errors.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { makeFolder, writeFileAtomic } from "../node/files.ts";
import { type Synthesis, type SynthesisOptions, synthesiseRtl } from "../node/rtl-synthesis.ts";
import { verifyRtl } from "../node/rtl-tools.ts";
import { stream } from "../numeric/stream.ts";
import { rtlBundle } from "../rtl/bundle.ts";
import { networkLif } from "../rtl/lif-network.ts";
import { chipDesign, networkRuns } from "../rtl/network-vectors.ts";
import { asDescribed, firstChip } from "../runs/common.ts";
import { loadExperiment, loadImages, readNetwork, wholeNumber } from "./options.ts";
import { outputFolder } from "./output.ts";
import type { Terminal } from "./terminal.ts";

export interface RtlCommandOptions {
  readonly out?: string;
  readonly prompts: number;
  readonly seed?: number;
  readonly data?: string;
}

/** Adds arguments, options and the two commands below it. */
export function withRtlCommands(command: Command, terminal: Terminal): Command {
  command
    .command("verify")
    .description("check a written folder with Verilator, Icarus Verilog and Yosys")
    .argument("<folder>", "folder that `xpike rtl` wrote")
    .action((folder: string) => verifyCommand(folder, terminal));
  command
    .command("synth")
    .description("count gates and registers of every block, and areas with a liberty file")
    .argument("<folder>", "folder that `xpike rtl` wrote")
    .option("--liberty <file>", "map to the cells of this liberty file, and give areas")
    .addOption(
      new Option(
        "--yosys <which>",
        "the installed Yosys, or the one of @yowasp/yosys (default: installed, if any)",
      ).choices(["system", "bundled"]),
    )
    .option("--json", "print the counts as JSON")
    .action(async (folder: string, { json, ...options }: SynthesisOptions & { readonly json?: boolean }) => {
      const synthesis = await synthesiseRtl(folder, options);
      terminal.out(json ? `${JSON.stringify(synthesis, null, 2)}\n` : cellTable(synthesis));
    });
  return command
    .argument("<experiment>", "a JSON file, or preset:NAME (see `xpike presets`)")
    .option("-o, --out <folder>", "folder for the sources (default: results/<name of the experiment>-rtl)")
    .option("--prompts <n>", "prompts whose spikes become vectors", wholeNumber(1, 100_000), 4)
    .option("--seed <n>", "seed instead of the experiment's", wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option("--data <folder>", "folder of the images that the task classifies (default: as `xpike data` says)")
    .action((source: string, options: RtlCommandOptions) => rtlCommand(source, options, terminal));
}

/** Throws XpikeError for an experiment without a trained network, or one whose tile is not generated. */
async function rtlCommand(source: string, options: RtlCommandOptions, terminal: Terminal): Promise<void> {
  const { experiment, directory } = await loadExperiment(source, options);
  const path = experiment.checkpoints.network;
  if (path === undefined) {
    throw new SpecError(
      "checkpoints.network",
      `No trained network is named, and vectors come from one. Train it with \`xpike train ${source} --out DIR\` and set ` +
        "checkpoints.network to DIR/network.safetensors.",
    );
  }
  const { images, notes: imageNotes } = await loadImages(experiment, options);
  const notes = [...imageNotes];
  const network = foldNetwork(asDescribed(experiment, await readNetwork(directory, path), notes));
  const hardware = { ...experiment.hardware, ssa: { ...experiment.hardware.ssa, random: "lfsr" as const } };
  const design = chipDesign({ network, hardware });
  const mapping = mapNetwork(network, hardware, experiment.task.coding);
  const { chip, task, random } = firstChip({ ...experiment, hardware }, network, mapping, images);
  const evaluation = stream(experiment.seed).fork("evaluation");
  const { spikes } = task.draw(options.prompts, evaluation, { values: false });
  const runs = networkRuns(chip, spikes!, random.fork("run"));
  const origin =
    `Vectors: the attention of a trained network (${experiment.name}, seed ${experiment.seed}, chip 0) on its first ` +
    `${options.prompts} evaluation prompts, one run per block and prompt, from the cycle simulator with LFSR random numbers.`;
  const first = task.draw(1, evaluation, { values: false });
  const lif = networkLif(chip, first.spikes!, random.fork("run"));
  if (typeof lif === "string") notes.push(lif);
  const folder = options.out ?? `${outputFolder(experiment, {})}-rtl`;
  await makeFolder(folder);
  for (const [name, text] of Object.entries(rtlBundle(design, runs, origin, lif))) {
    await writeFileAtomic(join(folder, name), text);
  }
  for (const note of notes) terminal.err(`${note}\n`);
  terminal.out(`${join(folder, "README.md")}\nCheck it with: xpike rtl verify ${folder}\n`);
}

/** Throws FileError when a check fails; a missing or unfinished tool is said, and no failure. */
async function verifyCommand(folder: string, terminal: Terminal): Promise<void> {
  const checks = await verifyRtl(folder);
  for (const { tool, check, result, detail } of checks) {
    terminal.out(`${result.padEnd(9)}${tool.padEnd(10)}${check.padEnd(30)}${detail}\n`);
  }
  const failed = checks.filter(({ result }) => result === "fail");
  if (failed.length > 0) {
    const names = failed.map(({ tool, check }) => `${tool} (${check})`).join(", ");
    throw new FileError(
      folder,
      `The RTL does not hold: ${names}. Write the folder anew; if it fails again, report it.`,
    );
  }
  if (checks.every(({ result }) => result !== "pass")) terminal.out("Nothing was checked.\n");
}

function cellTable({ yosys, blocks }: Synthesis): string {
  const hasArea = blocks.some(({ area }) => area !== undefined);
  const total = (of: (block: Synthesis["blocks"][number]) => number) =>
    blocks.reduce((sum, block) => sum + of(block) * block.instances, 0);
  const area = (value: number | undefined) => (hasArea ? [(value ?? 0).toFixed(2)] : []);
  const rows = [
    ["module", "instances", "gates each", "registers each", ...(hasArea ? ["area each"] : [])],
    ...blocks.map(({ module, instances, gates, registers, area: own }) => [
      ...[module, instances, gates, registers].map(String),
      ...area(own),
    ]),
    [
      "all",
      "",
      String(total(({ gates }) => gates)),
      String(total(({ registers }) => registers)),
      ...area(total((block) => block.area ?? 0)),
    ],
  ];
  const lines = rows.map(([module, ...rest]) => module.padEnd(18) + rest.map((cell) => cell.padStart(16)).join(""));
  const unit = hasArea ? " Areas are in the unit of the liberty file, um2 as a rule." : "";
  return `${lines.join("\n")}\nCounted by ${yosys}.${unit}\n`;
}
