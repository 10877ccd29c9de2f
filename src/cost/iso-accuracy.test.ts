import { expect, test } from "vitest";
import { chooseSteps, snnTarget } from "./iso-accuracy.ts";

test("an error rate that is exactly the tolerance above its target reaches it", () => {
  // A quarter above 0.5 is 0.625, all of them exact in binary.
  expect(chooseSteps([1, 2, 4], [0.75, 0.625, 0.5], 0.5, 0.25)).toEqual({ steps: 2, errorRate: 0.625, reached: true });
  expect(chooseSteps([1, 2, 4], [0.75, 0.626, 0.5], 0.5, 0.25)).toEqual({ steps: 4, errorRate: 0.5, reached: true });
});

test("without errors the fewest steps without errors are enough", () => {
  expect(chooseSteps([1, 2, 4], [0.1, 0, 0], 0)).toEqual({ steps: 2, errorRate: 0, reached: true });
  expect(chooseSteps([1, 2, 4], [0.1, 0, 0], undefined)).toEqual({ steps: 2, errorRate: 0, reached: false });
});

test("the digital spiking network gets the steps at which it is as good as Xpikeformer, not those it was trained for", () => {
  // Those of our networks for the 2x2 link: the ANN is out of reach.
  const [rates, snn] = [
    [0.109, 0.079, 0.0739, 0.0688, 0.0675, 0.0656, 0.0648, 0.0646],
    [0.0941, 0.0682, 0.0667, 0.0629, 0.062, 0.0623, 0.0613, 0.061],
  ];
  const steps = rates.map((_, t) => t + 1);
  const choice = chooseSteps(steps, rates, 0.0532);
  const target = snnTarget(choice, rates, 0.0532);
  expect(target).toEqual({ of: "xpikeformer", rate: 0.0646 });
  expect([choice, chooseSteps(steps, snn, target.rate)].map((one) => one.steps)).toEqual([5, 3]);
  // An ANN that is reached is the target of both.
  expect(snnTarget(chooseSteps(steps, rates, 0.07), rates, 0.07)).toEqual({ of: "ann", rate: 0.07 });
});
