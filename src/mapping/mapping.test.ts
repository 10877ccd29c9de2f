import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyLayer } from "../../test/support/tiny-layer.ts";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { MappingError, ShapeError } from "../errors.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import type { Geometry } from "../model/geometry.ts";
import { type Network, parameterLayout } from "../model/network.ts";
import { type LayerMapping, mapLayer, mapNetwork, START } from "./mapping.ts";

const hardware = literalMachine();

function networkOf(model: object): Network<SpikingSpec> {
  const geometry: Geometry = {
    inputs: 16,
    tokens: 3,
    classes: 16,
    mask: new Uint8Array(9).fill(1),
    queries: Int32Array.of(2),
  };
  const spec = transformerSpec.parse({ kind: "spiking", normalisation: "none", ...model });
  const zeros = (shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1));
  const parameters = parameterLayout(spec, geometry).map(({ name, shape }) => [name, { shape, data: zeros(shape) }]);
  return { model: spec, geometry, parameters: Object.fromEntries(parameters) };
}

test("the paper's example, 384 outputs of 512 inputs, takes 12 crossbars: 3 groups of 4 row blocks", () => {
  const { layer } = mapLayer(tinyLayer("blocks.0.up", { inputs: 512, outputs: 384 }), hardware, START);
  expect([layer.blocks.length, layer.columnGroups, layer.rowBlocks]).toEqual([12, 3, 4]);
  expect([layer.multiplexerSteps, layer.lifUnits]).toEqual([8, 3 * 16]);
  // Outputs 129 .. 256 (counted from 1) sit on the four crossbars of the second tile.
  expect(layer.blocks.filter((block) => block.columnStart === 128)).toEqual(
    [0, 1, 2, 3].map((i) => ({
      crossbar: 4 + i,
      tile: 1,
      load: 0,
      site: 4 + i,
      rowStart: 128 * i,
      rows: 128,
      columnStart: 128,
      columns: 128,
    })),
  );
});

/** Crossbars of the paper's model sizes, without embedding and head: ceil(outputs / 128) ceil(inputs / 128) by layer. */
test.each([
  { depth: 4, width: 384, heads: 6, projection: true, perBlock: 108 },
  { depth: 6, width: 512, heads: 8, projection: false, perBlock: 176 },
  { depth: 4, width: 256, heads: 8, projection: true, perBlock: 48 },
  { depth: 4, width: 256, heads: 8, projection: false, perBlock: 44 },
])("$depth-$width takes $perBlock crossbars per block, with projection: $projection", (size) => {
  const { depth, width, heads, projection, perBlock } = size;
  const {
    layers,
    totals,
    attention: ssa,
  } = mapNetwork(networkOf({ depth, width, heads, outputProjection: projection }), hardware);
  const blocks = layers.filter((layer) => layer.name.startsWith("blocks."));
  expect(blocks.reduce((sum, layer) => sum + layer.blocks.length, 0)).toBe(depth * perBlock);
  const ends = 2 * (width / 128);
  expect(totals.crossbars).toBe(depth * perBlock + ends);
  expect(totals.converters).toBe(totals.crossbars * 32);
  expect(totals.usedCells).toBe(totals.cells - ends * (128 - 16) * 128);
  expect(totals.utilisation).toBe(totals.usedCells / totals.cells);
  const serves = Array.from({ length: depth }, (_, i) => `blocks.${i}.attention`);
  expect(ssa).toEqual([
    {
      unit: "ssa-tile",
      serves,
      clocks: { step: width / heads, drain: width / heads },
      heads,
      tiles: heads,
      drained: "run",
      tokens: 3,
      tileTokens: 3,
      passes: 1,
      dimension: width / heads,
    },
  ]);
  expect(totals.stochasticCells).toBe(heads * 9);
});

test("blocks cover every weight of a layer exactly once, each on its own crossbar", () => {
  const size = fc.integer({ min: 1, max: 300 });
  const crossbarSize = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(size, size, crossbarSize, crossbarSize, (inputs, outputs, rows, columns) => {
      const small = literalMachine({ crossbar: { rows, columns } });
      const sized = tinyLayer("blocks.0.up", { inputs, outputs });
      const { layer } = mapLayer(sized, small, { crossbar: 7, tile: 3, load: 0, site: 7 });
      expect(coverage(layer).every((times) => times === 1)).toBe(true);
      expect(layer.blocks.map((block) => block.crossbar)).toEqual(layer.blocks.map((_, i) => 7 + i));
      for (const block of layer.blocks) {
        expect(block.rows).toBeLessThanOrEqual(rows);
        expect(block.columns).toBeLessThanOrEqual(columns);
        // Row blocks of one column group, and only they, share a tile.
        expect(block.tile).toBe(3 + block.columnStart / columns);
      }
    }),
    { seed: 1, numRuns: 50 },
  );
});

function coverage({ inputs, outputs, blocks }: Pick<LayerMapping, "inputs" | "outputs" | "blocks">): Uint8Array {
  const times = new Uint8Array(inputs * outputs);
  for (const { rowStart, rows, columnStart, columns } of blocks) {
    for (let r = rowStart; r < rowStart + rows; r++) {
      for (let c = columnStart; c < columnStart + columns; c++) times[r * outputs + c]++;
    }
  }
  return times;
}

test("only the first layer takes several lines per input", () => {
  const [single, fourfold] = [1, 4].map((linesPerInput) => {
    const crossbar = { ...hardware.crossbar, rows: 20, linesPerInput };
    return mapNetwork(networkOf({}), { ...hardware, crossbar });
  });
  const [first, ...others] = fourfold.layers;
  const { inputs } = single.layers[0];
  expect([first.inputs, first.lines]).toEqual([inputs, 4 * inputs]);
  expect(first.blocks.reduce((lines, { rows, columnStart }) => lines + (columnStart === 0 ? rows : 0), 0)).toBe(
    4 * inputs,
  );
  expect(first.rowBlocks).toBe(Math.ceil((4 * inputs) / 20));
  expect(others.map(({ rowBlocks }) => rowBlocks)).toEqual(single.layers.slice(1).map(({ rowBlocks }) => rowBlocks));
  expect(fourfold.totals.usedCells - single.totals.usedCells).toBe(3 * inputs * first.outputs);
});

test("only the embedding is spread over more crossbars when it may use fewer of their lines", () => {
  const [whole, spread] = [null, 5].map((embedRows) => {
    const crossbar = { ...hardware.crossbar, embedRows };
    return mapNetwork(networkOf({}), { ...hardware, crossbar }).layers;
  });
  expect(spread[0].blocks.map(({ rowStart, rows }) => [rowStart, rows])).toEqual([
    [0, 5],
    [5, 5],
    [10, 5],
    [15, 1],
  ]);
  expect(spread.slice(1).map(({ rowBlocks }) => rowBlocks)).toEqual(whole.slice(1).map(({ rowBlocks }) => rowBlocks));
});

test("a chip that is too small is loaded again, a whole tile at a time, and no site holds two blocks of one load", () => {
  const network = networkOf({ depth: 2, width: 256 });
  const whole = mapNetwork(network, hardware);
  fc.assert(
    fc.property(fc.integer({ min: 8, max: whole.totals.blocks }), (crossbars) => {
      const { layers, totals } = mapNetwork(network, { ...hardware, crossbars });
      const blocks = layers.flatMap((layer) => layer.blocks);
      const sites = new Set(blocks.map(({ load, site }) => `${load}.${site}`));
      expect(sites.size).toBe(blocks.length);
      expect(Math.max(...blocks.map(({ site }) => site))).toBeLessThan(crossbars);
      const loadOfTile = new Map(blocks.map(({ tile, load }) => [tile, load]));
      expect(blocks.every(({ tile, load }) => loadOfTile.get(tile) === load)).toBe(true);
      // Layers run in order, so loads never go back.
      expect(blocks.map(({ load }) => load)).toEqual(blocks.map(({ load }) => load).sort((a, b) => a - b));
      // A tile has 8 blocks at most, so every load but the last leaves fewer than 8 sites free.
      expect(totals.loads).toBeGreaterThanOrEqual(Math.ceil(blocks.length / crossbars));
      expect(totals.loads).toBeLessThanOrEqual(Math.ceil(blocks.length / (crossbars - 7)));
      expect(totals.converters).toBe(crossbars * 32);
    }),
    { seed: 1, numRuns: 40 },
  );
  expect(whole.totals).toMatchObject({ loads: 1, crossbars: whole.totals.blocks });
});

test("a tile that fills the last free crossbars belongs to the current load", () => {
  const layer = tinyLayer("blocks.0.up", { inputs: 256, outputs: 3 * 128 });
  const loads = (crossbars: number) =>
    mapLayer(layer, { ...hardware, crossbars }, START).layer.blocks.map(({ load, site }) => [load, site]);
  // Three tiles of two blocks each: 6 sites hold all, 5 hold two tiles, and the third comes with the next load.
  expect(loads(6)).toEqual([0, 1, 2, 3, 4, 5].map((site) => [0, site]));
  expect(loads(5)).toEqual([...[0, 1, 2, 3].map((site) => [0, site]), [1, 0], [1, 1]]);
});

test("a chip with fewer crossbars than one tile needs is refused with the count", () => {
  expect(() => mapNetwork(networkOf({ width: 256 }), { ...hardware, crossbars: 7 })).toThrow(
    /blocks\.0\.down has 1024 lines, which take ceil\(1024 \/ 128\) = 8 crossbars/,
  );
});

test("a mapping is plain data, and the head has no neurons", () => {
  const mapping = mapNetwork(networkOf({}), hardware);
  expect(JSON.parse(JSON.stringify(mapping))).toEqual(mapping);
  expect(mapping.layers.at(-1)).toMatchObject({ name: "head", lifUnits: 0, multiplexerSteps: 1 });
});

test("networks that the hardware cannot run are refused with a remedy", () => {
  const refusal = (model: object, coding: "bits" | "repeat" = "bits") => {
    try {
      mapNetwork(networkOf(model), hardware, coding);
    } catch (error) {
      expect(error).toBeInstanceOf(MappingError);
      return [(error as MappingError).path, (error as MappingError).message];
    }
    return [];
  };
  expect(refusal({ normalisation: "batch" })).toEqual(["model.normalisation", expect.stringContaining("foldNetwork")]);
  expect(refusal({}, "repeat")).toEqual(["task.coding", expect.stringContaining("16 real values")]);
  const { model, geometry } = networkOf({});
  expect(() => mapNetwork({ model, geometry, parameters: {} }, hardware)).toThrow(ShapeError);
});

test("step-major order is refused if LFSRs would have to keep running from step to step", () => {
  const draws = (draws: string) =>
    tinyNetwork(
      transformerSpec.parse({ normalisation: "none", width: 16, heads: 2, depth: 1, attention: { draws } }),
      1,
    );
  const hardware = literalMachine({ order: "step-major", ssa: { random: "lfsr" } });
  expect(() => mapNetwork(draws("independent"), hardware)).toThrow('Set model.attention.draws to "stratified"');
  expect(mapNetwork(draws("stratified"), hardware).attention).toMatchObject([{ unit: "ssa-tile", drained: "step" }]);
});
