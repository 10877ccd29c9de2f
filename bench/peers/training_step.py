"""Training steps or inferences of the reference model in PyTorch, as an expert would write it: the peer of bench/training-step.ts.

The network of src/model/transformer.ts with the weights, inputs and labels of our side, and its blocks compiled by torch.compile if that
generates vector code. Attention compares random bytes with probabilities, which is exact here, where they are multiples of 1/256.

    python3 training_step.py --folder FOLDER --measure training --threads 1 --repeats 10

Prints one JSON object: wall and CPU milliseconds of each repeat, sizes and checksums, the loss of each step from the first and, for
inference, spike densities of the last block.
"""

import argparse
import json
import pathlib

import torch
from support import Case, about_process, compiled, measure, random_words
from torch import nn
from torch.nn.utils.fusion import fuse_linear_bn_eval

class Spike(torch.autograd.Function):
    """Heaviside step forward, the surrogate's slope backward."""

    @staticmethod
    def forward(ctx, distance, surrogate):
        ctx.save_for_backward(distance)
        ctx.surrogate = surrogate
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, upstream):
        (distance,) = ctx.saved_tensors
        surrogate = ctx.surrogate
        if surrogate["kind"] == "sigmoid":
            s = torch.sigmoid(surrogate["alpha"] * distance)
            return upstream * (surrogate["alpha"] * s * (1 - s)), None
        width = surrogate["width"]
        if surrogate["kind"] == "triangular":
            return upstream * (torch.clamp(1 - distance.abs() / width, min=0) / width), None
        return upstream * ((distance.abs() < width) / (2 * width)), None


class Draw(torch.autograd.Function):
    """1 where a random byte is below the probability; the gradient passes straight through."""

    @staticmethod
    def forward(ctx, probability, byte):
        return (byte.float() < 256 * probability).to(probability.dtype)

    @staticmethod
    def backward(ctx, upstream):
        return upstream, None


class NormalisedLinear(nn.Module):
    """A linear layer and its BatchNorm over all steps, prompts and tokens."""

    def __init__(self, case, name):
        super().__init__()
        places = (case.document["parameters"][f"{name}.{part}"] for part in ("weight", "gain", "offset"))
        weight, gain, offset = (case.tensor(place) for place in places)
        self.linear = nn.Linear(*weight.shape, bias=False)
        self.norm = nn.BatchNorm1d(weight.shape[1])
        with torch.no_grad():
            self.linear.weight.copy_(weight.T)
            self.norm.weight.copy_(gain)
            self.norm.bias.copy_(offset)

    def fold(self):
        self.linear = fuse_linear_bn_eval(self.linear, self.norm)
        self.norm = nn.Identity()

    def forward(self, x):
        return self.norm(self.linear(x.flatten(0, -2))).view(*x.shape[:-1], -1)


class Lif(nn.Module):
    """Leaky integrate-and-fire over the first axis; hard reset, treated as a constant in the backward pass."""

    def __init__(self, sizes):
        super().__init__()
        self.beta, self.threshold = sizes["neuron"]["beta"], sizes["neuron"]["threshold"]
        self.surrogate = sizes["surrogate"]

    def forward(self, current):
        membrane, spikes = torch.zeros_like(current[0]), []
        for step in range(current.shape[0]):
            membrane = self.beta * membrane + current[step]
            fired = Spike.apply(membrane - self.threshold, self.surrogate)
            membrane = membrane * (1 - fired.detach())
            spikes.append(fired)
        return torch.stack(spikes)


class Block(nn.Module):
    def __init__(self, case, name):
        super().__init__()
        sizes = case.document["sizes"]
        self.heads, self.gains = sizes["heads"], sizes["attention"]
        self.qkv, self.projection, self.up, self.down = (
            NormalisedLinear(case, f"{name}.{layer}") for layer in ("qkv", "projection", "up", "down")
        )
        self.lif = Lif(sizes)
        self.register_buffer("mask", torch.tril(torch.ones(sizes["tokens"], sizes["tokens"])))

    def attend(self, qkv, score_bytes, value_bytes):
        steps, batch, tokens, width = qkv.shape
        dimension = width // (3 * self.heads)
        q, k, v = qkv.view(steps, batch, tokens, 3, self.heads, dimension).permute(3, 0, 1, 4, 2, 5)
        score = torch.clamp(self.gains["scoreGain"] / dimension * (q @ k.transpose(-1, -2)), max=1) * self.mask
        value = torch.clamp(self.gains["valueGain"] / tokens * (Draw.apply(score, score_bytes) @ v), max=1)
        return Draw.apply(value, value_bytes).transpose(2, 3).reshape(steps, batch, tokens, width // 3)

    def forward(self, stream, score_bytes, value_bytes):
        """The stream after the block, and its spikes of attention and hidden layer."""
        attended = self.attend(self.lif(self.qkv(self.lif(stream))), score_bytes, value_bytes)
        stream = stream + self.projection(attended)
        hidden = self.lif(self.up(self.lif(stream)))
        return stream + self.down(hidden), attended.detach(), hidden.detach()


class SpikingTransformer(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.sizes = sizes = case.document["sizes"]
        self.embed = NormalisedLinear(case, "embed")
        self.blocks = nn.ModuleList(Block(case, f"blocks.{i}") for i in range(sizes["depth"]))
        self.lif = Lif(sizes)
        weight = case.tensor(case.document["parameters"]["head.weight"])
        self.head = nn.Linear(*weight.shape)
        with torch.no_grad():
            self.head.weight.copy_(weight.T)
            self.head.bias.zero_()
        # All blocks run the code compiled for the first.
        self.block = compiled(lambda block, *inputs: block(*inputs))
        self.read_out = compiled(lambda stream: self.head(self.lif(stream).mean(0)))

    def random_bytes(self, prompts):
        """For the scores and for the outputs of attention in one block."""
        steps, heads, tokens, width = (self.sizes[name] for name in ("steps", "heads", "tokens", "width"))
        rows = (steps, prompts, heads, tokens)
        return random_words(torch.uint8, *rows, tokens), random_words(torch.uint8, *rows, width // heads)

    def forward(self, spikes):
        """Logits; keeps the spikes of attention and hidden layer of the last block in `last`."""
        stream = self.embed(spikes)
        for block in self.blocks:
            stream, *self.last = self.block(block, stream, *self.random_bytes(spikes.shape[1]))
        return self.read_out(stream)

    def work(self, spikes, labels):
        """Sizes and checksums as in `reference-process.ts`, from the tensors that this side computes with."""
        steps, prompts, tokens, inputs = spikes.shape
        classes = self.head.out_features
        weights = [weight for weight in self.parameters() if weight.dim() > 1]
        return {
            **{"steps": steps, "depth": len(self.blocks), "heads": self.blocks[0].heads},
            **{"tokens": tokens, "inputs": inputs, "classes": classes, "prompts": prompts},
            "pairs of tokens that attend": self.blocks[0].mask.sum().item(),
            "ones of the inputs": spikes.sum(dtype=torch.float64).item(),
            "places of the ones": (spikes.flatten().nonzero() + 1).sum().item(),
            "labels": labels.numel(),
            "places of the labels": (torch.arange(labels.numel()) * classes + labels + 1).sum().item(),
            "learned parameters": sum(weight.numel() for weight in self.parameters()),
            "squares of the weights": sum(weight.double().square().sum().item() for weight in weights),
        }

    def take_statistics_from_next_batch(self):
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = 1.0

    def fold(self):
        for module in self.modules():
            if isinstance(module, NormalisedLinear):
                module.fold()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--measure", choices=["training", "inference"], default="training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    case = Case(options.folder)
    model = SpikingTransformer(case)
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    vectors = [weight for weight in model.parameters() if weight.dim() == 1]
    rule = case.document["optimiser"]
    groups = [{"params": matrices, "weight_decay": rule["weightDecay"]}, {"params": vectors, "weight_decay": 0}]
    betas = (rule["beta1"], rule["beta2"])
    optimiser = torch.optim.AdamW(groups, lr=rule["learningRate"], betas=betas, eps=rule["epsilon"], fused=True)
    spikes = case.tensor(case.document["inputs"])
    labels = case.tensor(case.document["labels"]).long()
    work = model.work(spikes, labels)
    losses = []

    def train():
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(spikes).flatten(0, 1), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), rule["clipNorm"])
        optimiser.step()
        losses.append(loss.item())

    def infer():
        with torch.inference_mode():
            model(spikes)

    if options.measure == "inference":
        model.take_statistics_from_next_batch()
    train()
    if options.measure == "inference":
        model.eval()
        model.fold()
    samples = measure(train if options.measure == "training" else infer, options.repeats)
    densities = None
    if options.measure == "inference":
        densities = {name: spikes.mean().item() for name, spikes in zip(("attention", "hidden"), model.last)}
    print(json.dumps({"work": work, "samples": samples, "losses": losses, "densities": densities, **about_process()}))


if __name__ == "__main__":
    main()
