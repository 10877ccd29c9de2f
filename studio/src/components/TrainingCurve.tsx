import { metrics } from "../state/served.ts";
import { Curve } from "./Curve.tsx";

/** The loss of the followed run, during training. */
export function TrainingCurve() {
  const lines = metrics.value;
  if (lines.length < 2) return null;
  const { step, loss } = lines[lines.length - 1];
  return (
    <section aria-labelledby="training" class="training">
      <h2 id="training">Training</h2>
      <p aria-live="polite">
        Step {step}: loss {loss.toFixed(3)}. The curve follows the run folder.
      </p>
      <Curve name="Loss" points={lines.map(({ step, loss }) => ({ step, value: loss }))} steps={step} digits={2} />
    </section>
  );
}
