import { metrics } from "../state/served.ts";

const [WIDTH, HEIGHT, LEFT] = [640, 180, 40];

/** The loss of the run that is followed, while it learns. */
export function TrainingCurve() {
  const lines = metrics.value;
  if (lines.length < 2) return null;
  const last = lines[lines.length - 1];
  const steps = last.step;
  const most = Math.max(...lines.map(({ loss }) => loss));
  const x = (step: number) => LEFT + ((WIDTH - LEFT) * step) / steps;
  const y = (loss: number) => 8 + (HEIGHT - 30) * (1 - loss / most);
  const path = lines.map(({ step, loss }, i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  return (
    <section aria-labelledby="training" class="training">
      <h2 id="training">It learns</h2>
      <p aria-live="polite">
        Step {last.step}: loss {last.loss.toFixed(3)}. The curve follows the run's folder.
      </p>
      <svg
        class="drift"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Loss from ${lines[0].loss.toFixed(3)} at step ${lines[0].step} to ${last.loss.toFixed(3)} at step ${steps}`}
      >
        {[0, most].map((tick) => (
          <g key={tick}>
            <path class="grid" d={`M${LEFT} ${y(tick)}H${WIDTH}`} />
            <text x={LEFT - 6} y={y(tick) + 4} class="end">
              {tick.toFixed(tick ? 2 : 0)}
            </text>
          </g>
        ))}
        <text x={WIDTH} y={HEIGHT - 6} class="end">
          step {steps}
        </text>
        <path class="line plus" d={path} />
      </svg>
    </section>
  );
}
