import { step } from "../state/studio.ts";
import { bitsOfClass } from "../words.ts";
import type { PromptView } from "../workers/chip.ts";

const [WIDTH, ROW] = [200, 12.5];

/** How strongly the chip answers each class, as the mean of the time steps so far. */
export function Logits({ view: { logits, classes, decisions, labels } }: { view: PromptView }) {
  const at = Math.min(step.value, decisions.length - 1);
  const values = Array.from(logits.subarray(at * classes, (at + 1) * classes));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const x = (value: number) => 36 + ((WIDTH - 40) * (value - low)) / (high - low || 1);
  const sent = labels[labels.length - 1];
  return (
    <div class="panel">
      <p class="panel-name">
        after step {at + 1}: {bitsOfClass(decisions[at], classes)}
      </p>
      <svg
        viewBox={`0 0 ${WIDTH} ${ROW * classes}`}
        class="logits"
        role="img"
        aria-label={`Logits after step ${at + 1}; the largest is that of ${bitsOfClass(decisions[at], classes)}`}
      >
        {values.map((value, label) => (
          <g key={label} class={label === decisions[at] ? "decided" : label === sent ? "sent" : ""}>
            <text x={0} y={ROW * (label + 0.78)}>
              {bitsOfClass(label, classes)}
            </text>
            <rect
              x={Math.min(x(0), x(value))}
              y={ROW * label + 1.5}
              width={Math.max(0.5, Math.abs(x(value) - x(0)))}
              height={ROW - 3}
            />
          </g>
        ))}
      </svg>
    </div>
  );
}
