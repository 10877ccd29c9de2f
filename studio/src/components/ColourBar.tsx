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
    <span class="colours" aria-hidden="true" />
    <span aria-hidden="true">
      ≥ {most} {unit}
    </span>
    <span class="quiet" aria-hidden="true">
      {name}
    </span>
  </div>
);
