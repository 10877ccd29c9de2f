"""The chip of bench/chip-model.ts, evaluated as one would with torch and the tiles of IBM's aihwkit: float matrices and whole batches.

Per block of crossbar rows one matrix product with the conductances of both lines of all pairs, then gain, offset and noise of the
converters, rounding and clamping to codes, subtraction of the codes of a pair, and digital scaling and accumulation; a loop over the time
steps for the neurons; attention from matrix products and torch.bernoulli. Conductances, ranges and input are those of our side, as its
process wrote them. In place of a copy wherever torch allows it.

    python3 chip_evaluation.py --folder FOLDER --threads 1 --repeats 9

Prints one JSON object: wall and CPU milliseconds of each repeat, the share of them that linear layers took, spike densities, and the speed of a matrix product, which tells a tuned BLAS from the reference one.
"""

import argparse
import json
import pathlib
import resource
import time

import torch

from training_step import matrix_product_speed, measure


class Crossbars:
    """The crossbars of one row block of a layer, side by side, lines of the positive devices first."""

    def __init__(self, block, tensor, largest_code, noise):
        self.rows = slice(block["rowStart"], block["rowStart"] + block["rows"])
        self.conductances = torch.cat([tensor(block["plus"]), tensor(block["minus"])], 1)
        self.steps = tensor(block["steps"]).repeat(2)
        self.factors = tensor(block["factors"])
        self.largest_code = largest_code
        self.noise = noise
        self.errors = None
        if block["errors"]:
            self.errors = [torch.cat([tensor(part) for part in block["errors"][kind]]) for kind in ("gains", "offsets")]

    def __call__(self, x):
        lines = x[:, self.rows] @ self.conductances
        lines.div_(self.steps)
        if self.errors:
            gains, offsets = self.errors
            lines.mul_(gains).add_(offsets)
        if self.noise > 0:
            lines.add_(torch.randn(lines.shape), alpha=self.noise)
        lines.round_().clamp_(0, self.largest_code)
        plus, minus = lines.chunk(2, 1)
        return plus.sub_(minus).mul_(self.factors)


class Chip:
    def __init__(self, folder):
        self.document = json.loads((folder / "chip.json").read_text())
        data = torch.frombuffer(bytearray((folder / "chip.bin").read_bytes()), dtype=torch.float32)

        def tensor(place):
            size = torch.Size(place["shape"]).numel()
            return data[place["at"] : place["at"] + size].view(place["shape"]).clone()

        largest, noise = self.document["largestCode"], self.document["outputNoise"]
        self.layers = {
            layer["name"]: (
                [Crossbars(block, tensor, largest, noise) for block in layer["blocks"]],
                tensor(layer["offset"]),
            )
            for layer in self.document["layers"]
        }
        self.inputs = [tensor(place) for place in self.document["inputs"]]
        self.mask = tensor(self.document["mask"])
        self.position = tensor(self.document["position"]) if self.document["position"] else None
        self.model = self.document["model"]
        self.linear_seconds = 0.0
        self.counts = {}

    def linear(self, name, x):
        start = time.process_time()
        blocks, offset = self.layers[name]
        flat = x.flatten(0, -2)
        total = blocks[0](flat)
        for block in blocks[1:]:
            total += block(flat)
        total = total.add_(offset).view(*x.shape[:-1], -1)
        self.linear_seconds += time.process_time() - start
        return total

    def fire(self, name, current):
        neuron = self.model["neuron"]
        membrane = torch.zeros_like(current[0])
        spikes = torch.empty_like(current)
        for step in range(current.shape[0]):
            membrane.mul_(neuron["beta"]).add_(current[step])
            fired = torch.ge(membrane, neuron["threshold"], out=spikes[step])
            if neuron["reset"] == "hard":
                membrane.mul_(1 - fired)
            else:
                membrane.sub_(neuron["threshold"] * fired)
        self.counts.setdefault(name, []).append(spikes)
        return spikes

    def attend(self, name, qkv):
        steps, prompts, tokens, _ = qkv.shape
        width, heads, gains = self.model["width"], self.model["heads"], self.model["attention"]
        dimension = width // heads
        q, k, v = qkv.view(steps, prompts, tokens, 3, heads, dimension).permute(3, 0, 1, 4, 2, 5)
        score = (q @ k.transpose(-1, -2)).mul_(gains["scoreGain"] / dimension).clamp_(max=1).mul_(self.mask)
        value = (torch.bernoulli(score) @ v).mul_(gains["valueGain"] / tokens).clamp_(max=1)
        output = torch.bernoulli(value).transpose(2, 3).reshape(steps, prompts, tokens, width)
        self.counts.setdefault(name, []).append(output)
        return output

    def run(self, spikes):
        stream = self.linear("embed", spikes)
        if self.position is not None:
            stream += self.position
        for i in range(self.model["depth"]):
            block = f"blocks.{i}"
            qkv = self.fire(f"{block}.qkv", self.linear(f"{block}.qkv", self.fire(f"{block}.input", stream)))
            stream += self.linear(f"{block}.projection", self.attend(f"{block}.attention", qkv))
            hidden = self.fire(f"{block}.hidden", self.linear(f"{block}.up", self.fire(f"{block}.middle", stream)))
            stream += self.linear(f"{block}.down", hidden)
        output = self.fire("output", stream)[:, :, self.document["queries"]]
        return self.linear("head", output).mean(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    chip = Chip(options.folder)
    prompts = torch.cat(chip.inputs, 1)
    best = None
    with torch.inference_mode():
        # Small batches stay in the cache, large ones cost fewer calls: the peer may have the faster.
        for batch in sorted({min(batch, prompts.shape[1]) for batch in (8, 32, 128)}):
            batches = prompts.split(batch, 1)

            def evaluate():
                chip.counts = {}
                chip.linear_seconds = 0.0
                for part in batches:
                    chip.run(part)

            samples = measure(evaluate, options.repeats)
            median = sorted(samples["cpu"])[len(samples["cpu"]) // 2]
            if best is None or median < best["median"]:
                densities = {name: torch.cat(trains, 1).mean().item() for name, trains in chip.counts.items()}
                best = {
                    "median": median,
                    "batch": batch,
                    "samples": samples,
                    "linearShare": 1e3 * chip.linear_seconds / samples["cpu"][-1],
                    "densities": densities,
                }
    result = {
        "torch": torch.__version__,
        **best,
        "residentMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "matrixProductGflops": matrix_product_speed(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
