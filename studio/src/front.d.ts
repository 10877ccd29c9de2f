/** The front of machines that experiments/front measured; the build writes it (studio/vite.config.ts). */
declare module "virtual:front" {
  interface Measured {
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }
  const record: {
    /** What every machine was measured on, but for its values. */
    readonly experiment: Readonly<Record<string, unknown>>;
    /** Machines measured, of which these are the front. */
    readonly tried: number;
    readonly machines: readonly {
      /** By field of the experiment. */
      readonly values: Readonly<Record<string, unknown>>;
      readonly errorRate: Measured;
      /** Joules per prompt. */
      readonly energy: number;
      /** Square metres. */
      readonly area: number;
    }[];
  };
  export default record;
}
