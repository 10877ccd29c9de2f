// Energy per action of mapped gates beside the price of the same action: `node experiments/ssa-gates/joules.mjs LIBRARIES KEPT` writes
// joules.json; a library's name behind it measures that library only. LIBRARIES is a folder with the liberty files named below, as the
// page says where to find. KEPT holds the machine and what `xpike rtl synth` said of it, so that an interrupted run resumes. The network is a
// trained one, and the activity that of its first evaluation prompt.
//
// A library's energy of a part is what its gates and flip-flops take for their own transitions (`data`), and what the clock takes in
// those flip-flops that the cost model says are written (`written` x energy of a flip-flop's clock pins). The gates as generated have no
// clock gates; what all their flip-flops take is `clock`.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeCheckpoint,
  findCostPreset,
  openExperiment,
  parseExperiment,
  resolveTechnology,
  simulate,
  stream,
} from "xpikeformer";
import { measuredWorkload } from "xpikeformer/cost";
import {
  chipWithRegisters,
  flipFlopsOf,
  neuronPrices,
  nodeFactor,
  planMachine,
  priceUnits,
} from "xpikeformer/internal";
import { presentCommit } from "../commit.mjs";

const EXPERIMENT = "experiments/ssa-gates/joules-machine.json";
/** Megahertz: the clock of the cost model's machine. */
const CLOCK = 200;
const LIBRARIES = [
  {
    name: "Nangate 45",
    node: 45,
    files: ["nangate45_typ.lib", "nangate45_slow.lib", "nangate45_fast.lib"],
  },
  {
    name: "IHP SG13G2",
    node: 130,
    files: [
      "sg13g2_stdcell_typ_1p20V_25C.lib",
      "sg13g2_stdcell_slow_1p08V_125C.lib",
      "sg13g2_stdcell_fast_1p32V_m40C.lib",
    ],
  },
  // The open repositories hold its other corners by reference only.
  { name: "SKY130 HD", node: 130, files: ["sky130hd_tt.lib"] },
];
/** One head with its seeds and feet, one read-out tile with its layer, one bank of neurons. */
const TIMED = ["ssa_engine", "layer_blocks_0_projection", "neurons_14_x32_m1"];
const root = new URL("../../", import.meta.url);
const path = new URL(EXPERIMENT, root);
const experiment = parseExperiment(readFileSync(path, "utf8"));
const NETWORK = new URL(experiment.checkpoints.network, path);
const [folder, kept, only] = process.argv.slice(2);
if (kept === undefined) throw new Error("Name two folders: node experiments/ssa-gates/joules.mjs LIBRARIES KEPT");

const xpike = (...args) =>
  execFileSync("node", [new URL("dist/cli/main.js", root).pathname, ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The actions of the first evaluation prompt, which the testbench of the machine runs, too. */
async function firstPrompt() {
  const { network } = decodeCheckpoint(readFileSync(NETWORK), NETWORK.pathname);
  const { chip, task, random } = chipWithRegisters(openExperiment(experiment), network, []);
  const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"), { values: false });
  const trace = simulate(chip, spikes, random.fork("run"));
  return { workload: measuredWorkload(experiment, trace), trace };
}

/**
 * Parts of the machine: modules that do the work, how often, and what the cost model asks for the prompt. `logic` is in joules; `written`
 * counts flip-flops written, `register` is the price of one.
 */
function partsAt({ workload, trace }, node) {
  const { technology } = resolveTechnology(findCostPreset("simulated"), { node, extrapolate: true });
  const { hardware, machine, pace } = planMachine(workload, technology);
  const idle = { machine, hardware, buffers: pace.buffers };
  const { prices } = priceUnits(idle, technology);
  const { actions } = trace;
  const none = { linearRead: 0, engineWritten: 0 };
  const written = flipFlopsOf(idle, prices.codeBits, actions, none, {}, 0);
  const ands = actions.scoreAnds + actions.valueAnds;
  const draws =
    actions.scoreComparisons * prices.scoreDraw.energy + actions.outputComparisons * prices.outputDraw.energy;
  const sums = (actions.accumulations + actions.offsetAdditions) * prices.sum.energy;
  const { membraneBits } = machine.units.lif;
  // Where the stream begins, positions are added; the price counts them with the offsets.
  const first = machine.mapping.layers.find(({ block, ownNeurons }) => block === null && !ownNeurons);
  const positions = trace.operations.find(({ name }) => name === first.name).actions.lifUpdates;
  return {
    attention: {
      modules: ["ssa_cell", "ssa_tile", "ssa_column_foot"],
      count: ands,
      logic: ands * prices.cell.energy + draws,
      written: written.counters + written.spikes,
    },
    random: {
      modules: ["ssa_lfsr_array"],
      count: actions.lfsrShifts,
      logic: actions.lfsrShifts * prices.lfsr.energy,
      written: written.random,
    },
    fifos: { modules: ["ssa_value_fifo"], count: actions.fifoShifts, logic: 0, written: actions.fifoShifts },
    scaling: {
      modules: ["scaled_sums"],
      count: actions.scalings,
      logic: actions.scalings * prices.scaler.energy + sums,
      written: written.products + written.sums,
    },
    stream: {
      modules: ["stream_adders"],
      count: actions.residualAdditions + positions,
      logic: (actions.residualAdditions + positions) * prices.residual.energy,
      written: 0,
    },
    neurons: {
      modules: ["neurons"],
      count: actions.lifUpdates,
      logic: (actions.lifUpdates * neuronPrices(workload, technology).logic * membraneBits) / 16,
      written: written.membranes,
    },
    register: technology.flipFlopClock + technology.clockTree,
    flipFlopClock: technology.flipFlopClock,
    logicLeakage: technology.logicLeakage,
  };
}

const LFSR_BITS = 32;
const registersOf = (blocks, name) =>
  blocks.reduce((sum, block) => sum + (isOf(name)(block.module) ? block.instances * block.registers : 0), 0);
const isOf = (name) => (module) => module === name || module.startsWith(`${name}_`);

/** What the table needs of a corner. */
function cornerOf(parts, { library, worstPath, modulePaths, power }) {
  const seconds = power.clocks / power.clockFrequency;
  const blocksOf = (modules) => power.blocks.filter(({ module }) => modules.some((name) => isOf(name)(module)));
  const energies = Object.entries(parts).flatMap(([part, { modules }]) => {
    if (!modules) return [];
    const sum = (of) => blocksOf(modules).reduce((all, block) => all + of(block), 0);
    const [data, clock] = [(b) => (b.internal + b.switching) * seconds, (b) => b.clock * seconds];
    return [[part, { data: sum(data), clock: sum(clock), leakage: sum((b) => b.leakage) }]];
  });
  const slack = (path) => ({ slack: path.slack, from: path.from, to: path.to });
  const [lfsrs] = blocksOf(["ssa_lfsr_array"]);
  return {
    ...{ library: library ?? power.library, clocks: power.clocks, energy: power.energy, ...slack(worstPath) },
    alone: Object.fromEntries(Object.entries(modulePaths).map(([module, path]) => [module, slack(path)])),
    parts: Object.fromEntries(energies),
    ...{ clock: power.clock * seconds, leakage: power.leakage, equalValues: power.equalValues },
    ...{ drivenNets: power.drivenNets, outsideTables: power.outsideTables },
    // A bit of an LFSR changes at half of its steps.
    lfsrClocks: 2 * lfsrs.registerActivity * power.clocks,
    unnamed: Object.values(power.sources).reduce((sum, { unnamed }) => sum + unnamed, 0),
  };
}

const prompt = await firstPrompt();
mkdirSync(kept, { recursive: true });
const machine = join(kept, "machine");
if (!existsSync(machine)) xpike("rtl", path.pathname, "--machine", "--prompts", "1", "--out", machine);
for (const library of LIBRARIES.filter(({ name }) => only === undefined || name === only)) {
  record(library, measure(library));
}

function measure({ name, node, files }) {
  const answer = join(kept, `${name.replaceAll(" ", "-")}.json`);
  const [typical, ...others] = files.map((file) => join(folder, file));
  const corners = others.length > 0 ? ["--corner", ...others] : [];
  const options = [
    "--liberty",
    typical,
    ...corners,
    "--clock",
    String(CLOCK),
    "--timed",
    ...TIMED,
    "--power",
    "--json",
  ];
  if (!existsSync(answer)) {
    const said = JSON.parse(xpike("rtl", "synth", machine, ...options));
    writeFileSync(answer, JSON.stringify({ commit: presentCommit(), ...said }));
  }
  const { commit, yosys, blocks, corners: conditions = [], ...own } = JSON.parse(readFileSync(answer, "utf8"));
  const { power } = own;
  const parts = partsAt(prompt, node);
  // Power is the machine's, without its AXI interface.
  const inside = blocks.filter(({ module }) => power.blocks.some((block) => block.module === module));
  const sum = (of) => inside.reduce((all, block) => all + block.instances * block[of], 0);
  return {
    ...{ name, node, factor: nodeFactor("digital", node, true), parts, commit, yosys, sta: own.worstPath.tool },
    files: files.map((file) => ({ file, sha256: sha256(join(folder, file)) })),
    ...{ registers: sum("registers"), gates: sum("gates"), area: sum("area") },
    // Clocks in which numbers are drawn.
    drawn: prompt.trace.actions.lfsrShifts / (registersOf(inside, "ssa_lfsr_array") / LFSR_BITS),
    corners: [own, ...conditions].map((corner) => cornerOf(parts, corner)),
  };
}

/** Replaces the library's entry in joules.json. */
function record(library, entry) {
  const file = new URL("joules.json", import.meta.url);
  const measured = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).libraries : [];
  const result = {
    ...{ experiment: EXPERIMENT, network: sha256(NETWORK), seed: experiment.seed, prompts: 1, clock: CLOCK * 1e6 },
    command: "node experiments/ssa-gates/joules.mjs LIBRARIES KEPT",
    actions: prompt.trace.actions,
    libraries: LIBRARIES.flatMap(({ name }) =>
      name === library.name ? [entry] : measured.filter((one) => one.name === name),
    ),
  };
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`${library.name}: recorded.`);
}
