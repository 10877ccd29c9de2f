import { useId } from "preact/hooks";

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, name: string])[];
  readonly onChange: (value: string) => void;
}

/** A list to choose from. A value that is none of the choices is shown as it is. */
export function Select({ label, value, choices, onChange }: SelectProps) {
  const id = useId();
  const all = choices.some(([choice]) => choice === value) ? choices : [[value, value] as const, ...choices];
  return (
    <div class="knob">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {all.map(([choice, name]) => (
          <option key={choice} value={choice} selected={choice === value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
