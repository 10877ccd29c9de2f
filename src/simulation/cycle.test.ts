// @module-tag slow
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateCycles } from "./cycle.ts";
import { calibrateFast, simulateFast } from "./fast/simulate.ts";
import { simulate } from "./reference/simulate.ts";

const { tokens, inputs } = tinyGeometry;
const input = (prompts: number) => packSpikes(tinyBits(3, prompts, 3), 3, prompts * tokens, inputs);

function chipOf(attention: object, ssa: object, order = "token-major", arithmetic: object | null = null): Chip {
  const model = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 2, expansion: 2, steps: 3 };
  const neuron = { threshold: 0.4 };
  const network = tinyNetwork(
    transformerSpec.parse({ ...model, neuron, attention: { scoreGain: 16, ...attention } }),
    4,
  );
  const hardware = literalMachine({ ssa, order, arithmetic });
  return calibrateFast(programChip(network, mapNetwork(network, hardware), hardware, stream(1)), input(3), stream(2));
}

test.each([
  [{}, {}],
  [{}, { random: "lfsr" }],
  [{ draws: "independent" }, { random: "lfsr" }],
  [{ draws: "independent" }, { random: "lfsr", lfsr: { sharing: "row", scope: "engine", shiftsPerClock: 8 } }],
  [{}, { random: "lfsr", tileTokens: 2, normaliser: "power-of-two", fifo: "row" }],
  [{ scoreGain: 4 }, { random: "lfsr", counterBits: 2, counterOverflow: "saturate" }],
  [{}, { random: "lfsr", tiles: 2, lfsr: { scope: "engine" } }],
  [{}, { random: "lfsr", tiles: 1, tileTokens: 3 }, "step-major"],
  [{}, { random: "lfsr" }, "step-major"],
  [{}, { random: "lfsr" }, "token-major", { streamBits: 9 }],
])(
  "slow, fast and clocked simulators give one trace: attention %j, tiles %j, %s, numbers %j",
  (attention, ssa, order?: string, arithmetic?: object) => {
    const chip = chipOf(attention, ssa, order, arithmetic);
    const options = { firstPrompt: 4, rasters: 1 };
    const functional = simulate(chip, input(3), stream(5), options);
    const { schedule, activity, ...trace } = simulateCycles(chip, input(3), stream(5), options);
    expect(trace).toEqual(functional);
    expect(simulateFast(chip, input(3), stream(5), options)).toEqual(functional);
    expect(functional.densities["blocks.1.attention"]).toBeGreaterThan(0);
    const engines = schedule.alone.units.filter(({ kind }) => kind === "attention");
    const operations = trace.operations.filter(({ kind }) => kind === "attention");
    expect(engines.map(({ name, busy }) => [name, 3 * busy])).toEqual(
      operations.map(({ name, cycles }) => [name, cycles]),
    );
    expect(activity.counterToggles).toBeGreaterThan(functional.actions.counterIncrements);
    expect(activity.lfsrToggles > 0).toBe("random" in ssa);
  },
);

test("tile records hold everything needed to run a tile again", () => {
  const chip = chipOf({}, { random: "lfsr" });
  const places: string[] = [];
  simulateCycles(chip, input(2), stream(5), {
    onTile: ({ block, prompt, head, seeds, query, output }) => {
      places.push(`${block} ${prompt} ${head}`);
      expect([seeds!.length, query.rows, query.features, output.rows]).toEqual([4, 5, 16, 5]);
    },
  });
  expect(places).toEqual([0, 1].flatMap((b) => [0, 1].flatMap((p) => [0, 1, 2].map((h) => `${b} ${p} ${h}`))));
});
