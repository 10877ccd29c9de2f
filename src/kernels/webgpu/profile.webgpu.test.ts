import { afterAll, describe, expect } from "vitest";
import { gpu, testOnGpu } from "../../../test/support/gpu.ts";
import { recorded } from "../../../test/support/recorded-training.ts";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { parseExperiment } from "../../experiment/parse.ts";
import { openNodeGpu } from "../../node/webgpu.ts";
import { gpuBackend } from "../../train/gpu-training.ts";
import { encodeState } from "../../train/state.ts";
import type { Gpu } from "../../webgpu/gpu.ts";
import { gpuKernels } from "./ops.ts";
import { openProfile, type Work } from "./profile.ts";

/** With timestamps where the driver has them; null without a driver. */
const timed: Gpu | null = gpu && (await openNodeGpu({ timed: true }));
afterAll(() => timed?.close());

const experimentWith = (training: object, hardware: object = {}) =>
  parseExperiment(tinyDocument({ model: { kind: "spiking" }, training, hardware }));
const experiment = experimentWith({});

/** Trains with a profile, and with the passes and dispatches that the device's encoders saw. */
async function profiled(of: Gpu, trained = experiment) {
  const profile = openProfile(of);
  const works: Work[] = [];
  const seen: { passes: number; dispatches: number }[] = [];
  const prototypes = encoderPrototypes(of.device);
  const restore = prototypes.watch();
  const backend = { ...(await gpuBackend(of)), create: (bytes: number) => gpuKernels(of, bytes, profile) };
  const afterStep = async () => {
    works.push(await profile.take());
    seen.push(prototypes.take());
  };
  try {
    const { state } = await recorded(trained, { backend, afterStep });
    return { works, seen, profile, state };
  } finally {
    restore();
  }
}

/** Counts calls of the platform's own encoders. */
function encoderPrototypes(device: GPUDevice) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const [ofEncoder, ofPass] = [Object.getPrototypeOf(encoder), Object.getPrototypeOf(pass)];
  pass.end();
  encoder.finish();
  let counted = { passes: 0, dispatches: 0 };
  return {
    watch: () => {
      const { beginComputePass } = ofEncoder;
      const { dispatchWorkgroups } = ofPass;
      ofEncoder.beginComputePass = function (...of: unknown[]) {
        counted.passes++;
        return beginComputePass.apply(this, of);
      };
      ofPass.dispatchWorkgroups = function (...of: unknown[]) {
        counted.dispatches++;
        return dispatchWorkgroups.apply(this, of);
      };
      return () => {
        Object.assign(ofEncoder, { beginComputePass });
        Object.assign(ofPass, { dispatchWorkgroups });
      };
    },
    take: () => {
      const taken = counted;
      counted = { passes: 0, dispatches: 0 };
      return taken;
    },
  };
}

const callsOf = (kernels: Work["kernels"]) => Object.values(kernels).reduce((sum, { calls }) => sum + calls, 0);

describe("a profile", () => {
  testOnGpu("has the dispatches that the device saw, kernel by kernel, and one wait for a step's numbers", async () => {
    const { works, seen, profile } = await profiled(gpu);
    expect(works).toHaveLength(4);
    for (const [step, { kernels, dispatches, reads }] of works.entries()) {
      expect(dispatches).toBe(seen[step].dispatches);
      expect(callsOf(kernels)).toBe(dispatches);
      expect(Object.values(kernels).map(({ milliseconds }) => milliseconds)).toEqual(
        Object.keys(kernels).map(() => null),
      );
      // Validation, at every second step, reads more.
      if (step % 2 === 0) expect(reads).toBe(1);
      expect(seen[step].passes).toBeLessThan(dispatches / 10);
    }
    expect(works[2].kernels["spike product"].calls).toBeGreaterThan(0);
    expect(profile.bytes).toBeGreaterThan(0);
  });

  const devices = { devices: { youngest: 1, oldest: 1000 }, dropConnect: 0.05 };
  const stuck = { crossbar: { stuck: { atZero: 0.05, atMaximum: 0.01 } } };
  const errors = { adc: { errors: { gainSpread: 0.03, offsetSpread: 0.5, outputNoise: 0.5 } } };
  for (const [what, noise, hardware] of [
    ["weights", { weights: 0.05, outputs: 0.05 }, {}],
    ["devices, stuck ones and dropped weights", devices, stuck],
    ["the hardware, with converters", { hardware: true }, { ...stuck, ...errors }],
  ] as const) {
    testOnGpu(`reads nothing back for the noise of ${what}`, async () => {
      const stages = [{ steps: 4, noise }];
      const { works } = await profiled(gpu, experimentWith({ stages, validateEvery: 4 }, hardware));
      // Before the first step, parameters are read to measure the steps of converters; the last one validates.
      expect(works.slice(1, 3).map(({ reads }) => reads)).toEqual([1, 1]);
    });
  }

  testOnGpu(
    "with timestamps has the time of every call, in a pass of its own, and changes no bit of the network",
    async () => {
      if (!timed) return;
      const { works, seen, profile, state } = await profiled(timed);
      const plain = await recorded(experiment, { backend: await gpuBackend(gpu) });
      expect(encodeState(state, experiment)).toEqual(encodeState(plain.state, experiment));
      if (!profile.isTimed) return;
      for (const [step, { kernels, dispatches }] of works.entries()) {
        expect(seen[step]).toEqual({ passes: dispatches, dispatches });
        expect(callsOf(kernels)).toBe(dispatches);
        const times = Object.values(kernels).map(({ milliseconds }) => milliseconds as number);
        expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...times)).toBeGreaterThan(0);
      }
    },
  );
});
