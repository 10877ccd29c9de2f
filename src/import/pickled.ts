/** The contents of a pickle of tensors, as plain records; `pickle.ts` creates them. */

/** A run of numbers in the file on which tensors are views. */
export interface PickledStorage {
  readonly kind: "storage";
  /** For example `FloatStorage`. */
  readonly type: string;
  readonly key: string;
  readonly count: number;
}

/** Offset and strides are in numbers, not bytes, and are non-negative integers; nothing else has been checked. */
export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export interface PickledName {
  readonly kind: "global";
  readonly name: string;
}

export interface PickledTuple {
  readonly kind: "tuple";
  readonly items: readonly Pickled[];
}

export interface PickledList {
  readonly kind: "list";
  readonly items: Pickled[];
}

/** Keys are text or numbers. A value may contain itself. */
export interface PickledTable {
  readonly kind: "table";
  readonly entries: Map<string | number, Pickled>;
}

export type Pickled =
  | null
  | boolean
  | number
  | string
  | PickledName
  | PickledTuple
  | PickledList
  | PickledTable
  | PickledStorage
  | PickledTensor;

export const kindOf = (value: Pickled | undefined): string | undefined =>
  typeof value === "object" && value !== null ? value.kind : undefined;

export function isKind<K extends "global" | "tuple" | "list" | "table" | "storage" | "tensor">(
  value: Pickled | undefined,
  kind: K,
): value is Extract<Pickled, { readonly kind: K }> {
  return kindOf(value) === kind;
}
