import { expect, test } from "vitest";
import { tinyMachine } from "../../../test/support/tiny-machine.ts";
import { COLUMN_NETLIST, macroViews } from "./macro-views.ts";

const setting = { steps: 2, model: { width: 8, heads: 2, depth: 1 } };
const { design, vectors } = tinyMachine(setting, 1);
const AREA = 2.5e-9;
const views = macroViews(design, vectors, () => AREA);
const macros = design.modules.filter(({ name }) => name.startsWith("aimc_macro_"));

test("every macro has both views", () => {
  expect(macros.length).toBeGreaterThan(1);
  expect(Object.keys(views)).toEqual(
    expect.arrayContaining(macros.flatMap(({ name }) => [`${name}.lef`, `${name}.lib`])),
  );
});

test.each(macros.map((module) => [module.name, module] as const))(
  "the pins of %s are its ports, apart, on a square of its area",
  (name, { ports }) => {
    const lef = views[`${name}.lef`];
    const [width, height] = /SIZE (\S+) BY (\S+)/.exec(lef)!.slice(1).map(Number);
    expect(width * height).toBeCloseTo(AREA * 1e12, 0);
    const pins = [
      ...lef.matchAll(/PIN (\S+)\s+DIRECTION (\S+) ;[\s\S]*?RECT (\S+) (\S+) (\S+) (\S+) ;[\s\S]*?END \1\n/g),
    ].map(([, pin, direction, ...corners]) => ({ pin, direction, corners: corners.map(Number) }));
    const bits = ports.flatMap(({ name: port, width: count, direction }) =>
      Array.from({ length: count }, (_, bit) => [count === 1 ? port : `${port}[${bit}]`, direction.toUpperCase()]),
    );
    expect(pins.map(({ pin, direction }) => [pin, direction]).toSorted()).toEqual(bits.toSorted());
    for (const [
      n,
      {
        corners: [x0, y0, x1, y1],
      },
    ] of pins.entries()) {
      expect(x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height && x0 < x1 && y0 < y1).toBe(true);
      for (const {
        corners: [a0, b0, a1, b1],
      } of pins.slice(n + 1))
        expect(x1 < a0 || a1 < x0 || y1 < b0 || b1 < y0).toBe(true);
    }
  },
);

test("the machine leaves the service pins of its macros at 0", () => {
  const layers = design.modules.filter(({ name }) => name.startsWith("layer_"));
  const instances = layers.flatMap(({ items }) => items.filter((item) => item.kind === "instance"));
  const crossbars = instances.filter(({ module }) => module.startsWith("aimc_macro_"));
  expect(crossbars.length).toBeGreaterThan(3);
  for (const { ports } of crossbars) {
    const pins = ports.filter(([pin]) => pin.startsWith("service_"));
    expect(pins.length).toBe(6);
    for (const [, value] of pins) expect(value).toMatchObject({ value: 0n });
  }
});

test("the column of a machine whose prompt has fewer vectors than are shown reads those there are", () => {
  const short = tinyMachine({ ...setting, steps: 1 }, 1);
  const { [COLUMN_NETLIST]: netlist } = macroViews(short.design, short.vectors, () => AREA);
  expect(netlist).toContain(`the first ${short.design.plan.tokens} vectors of the first prompt`);
});
