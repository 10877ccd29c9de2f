import { describe, expect, test } from "vitest";
import type { NonInferiority } from "../numeric/non-inferiority.ts";
import { chooseSteps, rivalSteps } from "./iso-accuracy.ts";

const verdictOf = (verdict: NonInferiority["verdict"]): NonInferiority => ({ verdict, allowed: 0.01, prompts: 100 });
const rates = (verdicts: readonly (NonInferiority["verdict"] | null)[], errorRates = [0.4, 0.2, 0.11, 0.1]) =>
  verdicts.map((verdict, i) => ({
    ...{ steps: i + 1, errorRate: errorRates[i] },
    ...(verdict && { test: verdictOf(verdict) }),
  }));

describe("the steps of Xpikeformer", () => {
  test("are the fewest for which equality is shown, going down from the most", () => {
    const choice = chooseSteps(rates(["worse", "open", "shown", "shown"]), 0.05);
    expect(choice).toEqual({ steps: 3, errorRate: 0.11, shown: true, test: { ...verdictOf("shown"), steps: 3 } });
    expect(chooseSteps(rates(["shown", "shown", "shown", "shown"]), 0.05).steps).toBe(1);
    // A gap ends the sequence: what lies below it is not claimed.
    expect(chooseSteps(rates(["shown", "open", "shown", "shown"]), 0.05).steps).toBe(3);
  });

  test("are not claimed to be equal if the most steps are not, whatever fewer steps show", () => {
    const choice = chooseSteps(rates(["worse", "shown", "shown", "open"]), 0.05);
    expect(choice).toMatchObject({ shown: false, test: { verdict: "open", steps: 4 } });
    // Converged: the fewest within 5 %, or a quarter, of the lowest rate.
    expect(choice.steps).toBe(4);
    expect(chooseSteps(rates(["worse", "shown", "shown", "open"]), 0.25).steps).toBe(3);
  });

  test("beyond those that were tested count only for convergence", () => {
    const beyond = rates(["open", "shown", null, null]);
    expect(chooseSteps(beyond, 0.05)).toMatchObject({ steps: 2, shown: true });
    expect(chooseSteps(rates(["shown", "open", null, null]), 0.05)).toMatchObject({
      ...{ steps: 4, shown: false, test: { steps: 2 } },
    });
    expect(chooseSteps(rates([null, null, null, null]), 0.05)).toEqual({
      ...{ steps: 4, errorRate: 0.1, shown: false, test: null },
    });
  });

  test("include a rate that is exactly the margin above the lowest", () => {
    // A quarter above 0.5 is 0.625, all of them exact in binary.
    expect(chooseSteps(rates([null, null, null], [0.75, 0.625, 0.5]), 0.25).steps).toBe(2);
    expect(chooseSteps(rates([null, null, null], [0.75, 0.626, 0.5]), 0.25).steps).toBe(3);
    expect(chooseSteps(rates([null, null, null], [0.1, 0, 0]), 0.05).steps).toBe(2);
  });
});

test("the digital spiking network gets the steps at which it is as good as Xpikeformer, not those it was trained for", () => {
  // That of our network for the 2x2 link.
  const snn = [0.0941, 0.0682, 0.0667, 0.0629, 0.062, 0.0623, 0.0613, 0.061];
  const byStep = snn.map((errorRate, i) => ({ steps: i + 1, errorRate }));
  expect(rivalSteps(byStep, 0.0648, 0.05)).toEqual({ steps: 3, errorRate: 0.0667, reached: true });
  expect(rivalSteps(byStep, 0.0648, 0)).toEqual({ steps: 4, errorRate: 0.0629, reached: true });
  // Out of reach: the fewest within the margin of its own lowest rate.
  expect(rivalSteps(byStep, 0.05, 0.05)).toEqual({ steps: 4, errorRate: 0.0629, reached: false });
});
