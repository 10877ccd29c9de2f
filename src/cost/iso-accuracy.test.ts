import { expect, test } from "vitest";
import { chooseSteps } from "./iso-accuracy.ts";

test("an error rate that is exactly the tolerance above its target reaches it", () => {
  // A quarter above 0.5 is 0.625, all of them exact in binary.
  expect(chooseSteps([1, 2, 4], [0.75, 0.625, 0.5], 0.5, 0.25)).toEqual({ steps: 2, errorRate: 0.625, reached: true });
  expect(chooseSteps([1, 2, 4], [0.75, 0.626, 0.5], 0.5, 0.25)).toEqual({ steps: 4, errorRate: 0.5, reached: true });
});

test("without errors the fewest steps without errors are enough", () => {
  expect(chooseSteps([1, 2, 4], [0.1, 0, 0], 0)).toEqual({ steps: 2, errorRate: 0, reached: true });
  expect(chooseSteps([1, 2, 4], [0.1, 0, 0], undefined)).toEqual({ steps: 2, errorRate: 0, reached: false });
});
