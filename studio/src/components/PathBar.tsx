import { pathTo, place } from "../state/place.ts";
import { chip } from "../state/studio.ts";
import { placeName } from "../words.ts";

/** The current place, and the way back. */
export function PathBar() {
  const path = pathTo(place.value);
  const layers = chip.value?.mapping.layers ?? [];
  const units = chip.value?.schedule.alone.units ?? [];
  return (
    <nav class="path" aria-label="Part of the machine">
      <ol>
        {path.map((part, i) => (
          <li key={part.kind}>
            {i === path.length - 1 ? (
              <span aria-current="page">{placeName(part, layers, units)}</span>
            ) : (
              <button
                type="button"
                class="link"
                onClick={() => {
                  place.value = part;
                }}
              >
                {placeName(part, layers, units)}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
