/**
 * Which fields of an experiment the axes of a design set, and where two of them get in each other's way.
 *
 * Values are laid over the experiment axis by axis, so a later axis that sets a field of an earlier one makes points that are not what
 * their row says.
 */

interface Overlap {
  /** The axis that comes later. */
  readonly axis: string;
  readonly message: string;
}

/** The first pair of axes that set the same field; null where every axis has fields of its own. */
export function overlapOf(axes: Readonly<Record<string, unknown>>): Overlap | null {
  /** Axis that sets a field, and an axis that sets something within an object, of those before. */
  const setBy = new Map<string, string>();
  const within = new Map<string, string>();
  for (const [axis, values] of Object.entries(axes)) {
    const fields = fieldsOf(axis, values);
    for (const field of fields) {
      const owners = ownersOf(field);
      const same = [field, ...owners].find((path) => setBy.has(path));
      const other = same === undefined ? within.get(field) : setBy.get(same);
      if (other !== undefined) return { axis, message: describeOverlap(axis, other, field) };
      const [parent] = owners;
      const dropped = field.endsWith(".kind") ? within.get(parent) : undefined;
      if (dropped !== undefined) return { axis, message: describeKind(axis, dropped, parent) };
    }
    for (const field of fields) {
      setBy.set(field, axis);
      for (const owner of ownersOf(field)) within.set(owner, axis);
    }
  }
  return null;
}

const describeOverlap = (axis: string, other: string, field: string): string =>
  `${axis} and ${other} both set ${field}, so that one would overwrite what the other's column says. Leave it to one of them.`;

const describeKind = (axis: string, other: string, owner: string): string =>
  `the kind of ${owner} replaces all of its fields, so what ${other} sets would be lost. Write ${axis} before ${other}.`;

/** `hardware.adc`, `hardware` of `hardware.adc.bits`: the nearest first. */
function ownersOf(field: string): string[] {
  const names = field.split(".");
  return names.slice(1).map((_, i) => names.slice(0, names.length - 1 - i).join("."));
}

/** Every field that one of the values sets; a list is set as a whole. */
function fieldsOf(path: string, values: unknown): Set<string> {
  const fields = new Set<string>();
  const add = (field: string, value: unknown): void => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) fields.add(field);
    else for (const [key, inner] of Object.entries(value)) add(`${field}.${key}`, inner);
  };
  if (Array.isArray(values)) for (const value of values) add(path, value);
  else fields.add(path);
  return fields;
}
