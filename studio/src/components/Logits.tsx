import { step } from "../state/studio.ts";
import { className } from "../words.ts";
import type { PromptView } from "../workers/chip.ts";

const [WIDTH, ROW] = [200, 12.5];

/** The logit of each class, averaged over the time steps so far (rate decoding). */
export function Logits({ view }: { view: PromptView }) {
  const { logits, classes, decisions, label: right } = view;
  const at = Math.min(step.value, decisions.length - 1);
  const values = Array.from(logits.subarray(at * classes, (at + 1) * classes));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const left = view.image ? 62 : 36;
  const x = (value: number) => left + ((WIDTH - left - 4) * (value - low)) / (high - low || 1);
  return (
    <div class="panel answers">
      <p class="panel-name">logit of each answer, after step {at + 1}</p>
      <svg
        viewBox={`0 0 ${WIDTH} ${ROW * classes}`}
        class="logits"
        role="img"
        aria-label={`Logits after step ${at + 1}; ${className(decisions[at], view)} has the largest`}
      >
        {values.map((value, label) => (
          <g key={label} class={label === decisions[at] ? "decided" : label === right ? "sent" : ""}>
            <text x={0} y={ROW * (label + 0.78)}>
              {className(label, view)}
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
