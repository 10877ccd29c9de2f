import { expect, test } from "vitest";
import { openNodeGpu } from "../node/webgpu.ts";
import { chooseBackend } from "./gpu.ts";

test("who asks for a GPU and gets a driver in software is told, and auto then computes in WebAssembly", async () => {
  const { gpu, choice } = await chooseBackend("webgpu", openNodeGpu);
  const { isSoftware, name } = gpu!;
  gpu!.close();
  const automatic = await chooseBackend("auto", openNodeGpu);
  automatic.gpu?.close();
  if (isSoftware) {
    expect(choice).toContain(`webgpu, on ${name}, which is no GPU but a driver in software: it computes on the CPU`);
    expect(automatic).toEqual({ gpu: null, choice: `wasm, because ${name} computes on the CPU too.` });
  } else {
    expect(choice).toBeNull();
    expect(automatic.choice).toBe(`webgpu, on ${name}.`);
  }
});
