interface ColourBarProps {
  /** The value at full strength. */
  readonly most: number;
  readonly unit: string;
  readonly name: string;
}

/** The colours of a heat map from its least to its largest value. */
export const ColourBar = ({ most, unit, name }: ColourBarProps) => (
  <div class="colour-bar" role="img" aria-label={`Colours: ${name}, from -${most} or less to ${most} ${unit} or more`}>
    <span aria-hidden="true">
      ≤ −{most} {unit}
    </span>
    <svg class="colours" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      <linearGradient id="colour-bar">
        {["minus", "panel", "plus"].map((name, i) => (
          <stop key={name} class={name} offset={i / 2} />
        ))}
      </linearGradient>
      <rect width={1} height={1} fill="url(#colour-bar)" />
    </svg>
    <span aria-hidden="true">
      ≥ {most} {unit}
    </span>
    <span class="quiet" aria-hidden="true">
      {name}
    </span>
  </div>
);
