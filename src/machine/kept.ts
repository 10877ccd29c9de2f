/** Keeps the last `most` values, by the text of what they follow from, while many questions are asked of the same machines. */
export function kept<Value>(most: number): (parts: unknown, compute: () => Value) => Value {
  const values = new Map<string, Value>();
  return (parts, compute) => {
    const key = JSON.stringify(parts);
    const found = values.get(key) ?? compute();
    values.delete(key);
    values.set(key, found);
    const [oldest] = values.keys();
    if (values.size > most) values.delete(oldest);
    return found;
  };
}
