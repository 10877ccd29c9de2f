import { useId } from "preact/hooks";

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, name: string])[];
  readonly onChange: (value: string) => void;
  /** A short explanation. */
  readonly help?: string;
}

/** A list of choices. A value outside the list is shown as it is. */
export function Select({ label, value, choices, onChange, help }: SelectProps) {
  const id = useId();
  const all = choices.some(([choice]) => choice === value) ? choices : [[value, value] as const, ...choices];
  return (
    <div class="knob">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={help && `${id}-help`}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        {all.map(([choice, name]) => (
          <option key={choice} value={choice} selected={choice === value}>
            {name}
          </option>
        ))}
      </select>
      {help && (
        <span class="quiet" id={`${id}-help`}>
          {help}
        </span>
      )}
    </div>
  );
}
