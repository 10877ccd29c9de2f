"""The chip of bench/chip-model.ts in PyTorch, as an expert would write it: the peer of bench/simulation.ts.

Per block of crossbar rows, one matrix product for both lines of all pairs, with the converters' steps and gains folded into the
conductances and their offsets into the product; then one pass compiled by torch.compile that adds noise, rounds, clamps,
subtracts, scales and sums over the blocks, adds the residual stream and fires the neurons of all steps. Attention multiplies
spikes in bfloat16, where counts up to 256 are exact, and compares probabilities with random bytes, as the chip's LFSRs do. Noise
is Box-Muller from two 16-bit uniforms, one normal for each line of a pair. Conductances, ranges and input are those of our side.

    python3 chip_evaluation.py --folder FOLDER --threads 1 --repeats 9

Prints one JSON object: wall and CPU milliseconds of each repeat, spike densities, sizes, and checksums; for a chip without noise, the
share of neurons that fire differently from ours when given our spikes, and the answers.
"""

import argparse
import json
import math
import pathlib

import torch
from support import Case, about_process, compiled, measure, random_words

# Where oneDNN multiplies batches of bfloat16 at once; elsewhere float32, with one product per head.
HEAD_TYPE = torch.bfloat16 if torch.backends.cpu.get_cpu_capability() == "AVX512" else torch.float32


class Layer:
    def __init__(self, case, layer):
        largest_code, self.noise = case.document["largestCode"], case.document["outputNoise"]
        self.rows, self.conductances, self.offsets, self.factors = [], [], [], []
        for block in layer["blocks"]:
            conductances = torch.cat([case.tensor(block["plus"]), case.tensor(block["minus"])], 1)
            conductances /= case.tensor(block["steps"]).repeat(2)
            offsets = None
            if block["errors"]:
                pairs = (block["errors"][kind] for kind in ("gains", "offsets"))
                gains, offsets = (torch.cat([case.tensor(line) for line in pair]) for pair in pairs)
                conductances *= gains
            self.rows.append(slice(block["rowStart"], block["rowStart"] + block["rows"]))
            self.conductances.append(conductances)
            self.offsets.append(offsets)
            self.factors.append(case.tensor(block["factors"]))
        self.epilogue = (torch.stack(self.factors), case.tensor(layer["offset"]), largest_code, self.noise)

    def lines(self, x):
        """What converters see, [row blocks, vectors, 2 outputs], words for their noise, and what `convert` needs beside."""
        lines = torch.empty(len(self.rows), x.shape[0], self.conductances[0].shape[1])
        for rows, conductances, offsets, out in zip(self.rows, self.conductances, self.offsets, lines):
            if offsets is None:
                torch.mm(x[:, rows], conductances, out=out)
            else:
                torch.addmm(offsets, x[:, rows], conductances, out=out)
        words = random_words(torch.int32, *lines.shape[:2], lines.shape[2] // 2) if self.noise else None
        return lines, words, self.epilogue


def convert(lines, words, epilogue):
    factors, total, largest_code, noise = epilogue
    for block in range(lines.shape[0]):
        plus, minus = lines[block].chunk(2, 1)
        if words is not None:
            radius = noise * torch.sqrt(-2 * torch.log(((words[block] & 0xFFFF).float() + 0.5) / 65536))
            angle = (words[block] >> 16).float() * (2 * math.pi / 65536)
            plus, minus = plus + radius * torch.cos(angle), minus + radius * torch.sin(angle)
        codes = plus.round().clamp(0, largest_code) - minus.round().clamp(0, largest_code)
        total = total + codes * factors[block]
    return total


def fire(current, neuron):
    """[steps, ...]"""
    membrane, spikes = torch.zeros_like(current[0]), []
    for step in range(current.shape[0]):
        membrane = neuron["beta"] * membrane + current[step]
        fired = membrane >= neuron["threshold"]
        spikes.append(fired.float())
        fallen = 0 if neuron["reset"] == "hard" else membrane - neuron["threshold"]
        membrane = torch.where(fired, fallen, membrane)
    return torch.stack(spikes)


@compiled
def layer_alone(lines, words, epilogue):
    return convert(lines, words, epilogue)


@compiled
def layer_and_neurons(lines, words, epilogue, neuron, steps):
    return fire(convert(lines, words, epilogue).unflatten(0, (steps, -1)), neuron)


@compiled
def branch_and_neurons(lines, words, epilogue, neuron, stream):
    """The stream plus what a layer adds to it, [steps, vectors, width], and its spikes."""
    stream = stream + convert(lines, words, epilogue).unflatten(0, (stream.shape[0], -1))
    return stream, fire(stream, neuron)


@compiled
def split_heads(qkv, prompts, heads):
    """[3, steps prompts heads, tokens, dimension]"""
    steps, vectors, width = qkv.shape
    parts = qkv.view(steps, prompts, vectors // prompts, 3, heads, width // (3 * heads)).permute(3, 0, 1, 4, 2, 5)
    return parts.to(HEAD_TYPE).contiguous().flatten(1, 3)


@compiled
def draw(counts, gain, mask, random):
    """Saturates without a clamp: no byte reaches 256."""
    return (random.float() < 256 * gain * mask * counts.float()).to(HEAD_TYPE)


@compiled
def join_heads(output, steps, prompts):
    """[steps, vectors, width]"""
    _, tokens, dimension = output.shape
    parts = output.view(steps, prompts, -1, tokens, dimension).transpose(2, 3)
    return parts.float().reshape(steps, prompts * tokens, -1)


class Chip:
    def __init__(self, case):
        self.case, self.document, self.model = case, case.document, case.document["model"]
        self.layers = {layer["name"]: Layer(case, layer) for layer in self.document["layers"]}
        self.inputs = [case.tensor(place) for place in self.document["inputs"]]
        self.recorded = {name: case.tensor(place) for name, place in self.document["recorded"].items()}
        self.mask = case.tensor(self.document["mask"])
        self.position = case.tensor(self.document["position"]) if self.document["position"] else None
        self.spikes = {}
        self.compare = False

    def lines(self, name, x):
        return self.layers[name].lines(x.flatten(0, 1))

    def keep(self, name, spikes):
        """What is passed on from here: these spikes, or ours instead."""
        self.spikes[name] = spikes
        return self.recorded[name].flatten(1, 2) if self.compare else spikes

    def attend(self, name, qkv, prompts):
        gains, steps = self.model["attention"], self.model["steps"]
        q, k, v = split_heads(qkv, prompts, self.model["heads"])
        tokens, dimension = q.shape[1:]
        counts = q @ k.transpose(1, 2)
        random = random_words(torch.uint8, *counts.shape)
        scores = draw(counts, gains["scoreGain"] / dimension, self.mask, random)
        random = random_words(torch.uint8, *q.shape)
        output = draw(scores @ v, gains["valueGain"] / tokens, self.mask.new_ones(1), random)
        return self.keep(name, join_heads(output, steps, prompts))

    def run(self, spikes):
        """Logits of [steps, prompts, tokens, inputs]."""
        steps, prompts, tokens, _ = spikes.shape
        neuron, width = self.model["neuron"], self.model["width"]
        stream = torch.zeros(steps, prompts * tokens, width)
        if self.position is not None:
            stream += self.position.repeat(prompts, 1)
        stream, fired = branch_and_neurons(*self.lines("embed", spikes.flatten(1, 2)), neuron, stream)
        for i in range(self.model["depth"]):
            block = f"blocks.{i}"
            fired = self.keep(f"{block}.input", fired)
            qkv = layer_and_neurons(*self.lines(f"{block}.qkv", fired), neuron, steps)
            attended = self.attend(f"{block}.attention", self.keep(f"{block}.qkv", qkv), prompts)
            stream, fired = branch_and_neurons(*self.lines(f"{block}.projection", attended), neuron, stream)
            hidden = layer_and_neurons(*self.lines(f"{block}.up", self.keep(f"{block}.middle", fired)), neuron, steps)
            hidden = self.keep(f"{block}.hidden", hidden)
            stream, fired = branch_and_neurons(*self.lines(f"{block}.down", hidden), neuron, stream)
        output = self.keep("output", fired).view(steps, prompts, tokens, width)[:, :, self.document["queries"]]
        return layer_alone(*self.lines("head", output.flatten(1, 2))).view(steps, prompts, -1).mean(0)

    def work(self, prompts):
        """Sizes and checksums as in `chip-model.ts`, from the tensors that this side computes with."""
        steps, count, tokens, inputs = prompts.shape
        # Before steps and gains of the converters are folded in.
        blocks = [block for layer in self.document["layers"] for block in layer["blocks"]]
        conductances = [self.case.tensor(block[line]) for block in blocks for line in ("plus", "minus")]
        return {
            **{"steps": steps, "depth": self.model["depth"], "heads": self.model["heads"], "prompts": count},
            **{"tokens": tokens, "inputs": inputs, "queries": len(self.document["queries"])},
            "pairs of tokens that attend": self.mask.sum().item(),
            "ones of the inputs": prompts.sum(dtype=torch.float64).item(),
            "places of the ones": (prompts.flatten().nonzero() + 1).sum().item(),
            "conductances": sum(values.numel() for values in conductances),
            "sum of the conductances": sum(values.double().sum().item() for values in conductances),
        }

    def answers(self, parts):
        """Spike densities, and the root mean square of all logits."""
        sums, logits = {}, []
        for part in parts:
            logits.append(self.run(part))
            for name, spikes in self.spikes.items():
                sums[name] = sums.get(name, 0) + spikes.mean().item() / len(parts)
        return sums, torch.cat(logits).double().square().mean().sqrt().item()

    def differing(self):
        """Share of neurons that differ from ours if everything before them is ours, and the logits for our last spikes."""
        self.compare = True
        logits = self.run(self.recorded["input"])
        self.compare = False
        names = [name for name in self.spikes if not name.endswith(".attention")]
        wrong = sum((self.spikes[name] != self.recorded[name].flatten(1, 2)).sum().item() for name in names)
        return wrong / sum(self.spikes[name].numel() for name in names), logits.flatten().tolist()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    chip = Chip(Case(options.folder))
    prompts = torch.cat(chip.inputs, 1)
    runs = []
    with torch.inference_mode():
        # Small batches stay in the cache, large ones cost fewer calls.
        for batch in sorted({min(batch, prompts.shape[1]) for batch in (8, 32)}):
            densities = {}

            def evaluate():
                for part in prompts.split(batch, 1):
                    chip.run(part)

            samples = measure(evaluate, options.repeats, 1)
            median = sorted(samples["cpu"])[len(samples["cpu"]) // 2]
            runs.append({"median": median, "batch": batch, "samples": samples})
        best = min(runs, key=lambda run: run["median"])
        work = chip.work(prompts)
        densities, work["root mean square of the answers"] = chip.answers(prompts.split(best["batch"], 1))
        if not chip.document["outputNoise"]:
            differing, answers = chip.differing()
            work["neurons that differ from ours, given our spikes"] = differing
            work["answers to the first prompt, given our spikes"] = answers
    print(json.dumps({**best, "work": work, "densities": densities, **about_process()}))


if __name__ == "__main__":
    main()
