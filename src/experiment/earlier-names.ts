/** Documents and networks of earlier releases, with the names of today. */

/**
 * A model whose attention names its kind `neuron` ("stochastic" or "lif"), as before there were other kinds, with `kind`. Anything else
 * is returned as it is, for the schema to judge.
 */
export function withPresentNames(model: unknown): unknown {
  if (!isObject(model) || !isObject(model.attention)) return model;
  const { neuron, draws, ...rest } = model.attention;
  if (neuron === undefined || rest.kind !== undefined) return model;
  // Attention with neurons used to carry a choice of draws that it never made.
  const drawn = draws === undefined || neuron === "lif" ? {} : { draws };
  return { ...model, attention: { kind: neuron, ...rest, ...drawn } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
