/** Labelled data of any kind: what is known of it without looking at what is labelled. */

export interface LabelledSet {
  /** Name of each class; label k means `classes[k]`. */
  readonly classes: readonly string[];
  readonly count: number;
  /** `[count]`, below `classes.length`. */
  readonly labels: Uint16Array;
}

/** Training, validation and test are apart: choices are made on validation, and the test part is looked at once, at the end. */
export interface LabelledData<S extends LabelledSet = LabelledSet> {
  readonly name: string;
  readonly train: S;
  readonly validation: S;
  readonly test: S;
}
