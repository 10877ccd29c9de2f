"""One training step and the inference of the reference model in plain PyTorch: the peer of bench/training-step.ts.

The same network as src/model/spiking.ts, written as a PyTorch user would write it: nn.Linear, nn.BatchNorm1d, a loop over
the time steps for the LIF neurons with a surrogate gradient as autograd function, Bernoulli attention with a
straight-through gradient, and torch.optim.AdamW. Sizes, initial values, input density and the loss follow
bench/reference-model.ts; weights and draws are its own. For inference BatchNorm is folded into the linear layers.

    python3 training_step.py --measure training --threads 1 --repeats 10 --surrogate sigmoid

Prints one JSON object: wall and CPU milliseconds of each repeat, losses, spike densities, the peak of the resident memory,
and the speed of a matrix product, which tells a tuned BLAS from the reference one.
"""

import argparse
import json
import resource
import time

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_linear_bn_eval

STEPS, BATCH, TOKENS, WIDTH, DEPTH, HEADS, EXPANSION, INPUTS, CLASSES = 4, 32, 32, 128, 2, 2, 4, 128, 10
INPUT_DENSITY = 0.25
BETA, THRESHOLD = 0.5, 1.0
SCORE_GAIN, VALUE_GAIN = 4.0, 8.0
SIGMOID_ALPHA, TRIANGLE_WIDTH, RECTANGLE_WIDTH = 4.0, 1.0, 0.5
LEARNING_RATE, WEIGHT_DECAY, CLIP_NORM = 1e-3, 0.01, 1.0


class SigmoidSpike(torch.autograd.Function):
    """Heaviside step forward, the derivative of a sigmoid backward."""

    @staticmethod
    def forward(ctx, distance):
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, upstream):
        (distance,) = ctx.saved_tensors
        s = torch.sigmoid(SIGMOID_ALPHA * distance)
        return upstream * (SIGMOID_ALPHA * s * (1 - s))


class TriangularSpike(torch.autograd.Function):
    """Heaviside step forward, a triangle backward."""

    @staticmethod
    def forward(ctx, distance):
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, upstream):
        (distance,) = ctx.saved_tensors
        return upstream * (torch.clamp(1 - distance.abs() / TRIANGLE_WIDTH, min=0) / TRIANGLE_WIDTH)


class RectangularSpike(torch.autograd.Function):
    """Heaviside step forward, a rectangle backward."""

    @staticmethod
    def forward(ctx, distance):
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx, upstream):
        (distance,) = ctx.saved_tensors
        return upstream * ((distance.abs() < RECTANGLE_WIDTH) / (2 * RECTANGLE_WIDTH))


SURROGATES = {"sigmoid": SigmoidSpike, "triangular": TriangularSpike, "rectangular": RectangularSpike}


class BernoulliDraw(torch.autograd.Function):
    """Samples 0 or 1; the gradient passes straight through."""

    @staticmethod
    def forward(ctx, probability):
        return torch.bernoulli(probability)

    @staticmethod
    def backward(ctx, upstream):
        return upstream


class Lif(nn.Module):
    """Leaky integrate-and-fire over the first axis; hard reset, held constant in the backward pass."""

    def __init__(self, spike):
        super().__init__()
        self.spike = spike

    def forward(self, current):
        membrane = torch.zeros_like(current[0])
        spikes = []
        for step in range(current.shape[0]):
            membrane = BETA * membrane + current[step]
            fired = self.spike.apply(membrane - THRESHOLD)
            membrane = membrane * (1 - fired.detach())
            spikes.append(fired)
        return torch.stack(spikes)


class NormalisedLinear(nn.Module):
    """A linear layer and its BatchNorm over all steps, prompts and tokens."""

    def __init__(self, inputs, outputs, gain=1.0):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)
        nn.init.normal_(self.linear.weight, std=inputs**-0.5)
        nn.init.constant_(self.norm.weight, gain)

    def fold(self):
        self.linear = fuse_linear_bn_eval(self.linear, self.norm)
        self.norm = nn.Identity()

    def forward(self, x):
        y = self.linear(x.flatten(0, -2))
        return self.norm(y).view(*x.shape[:-1], -1)


class StochasticAttention(nn.Module):
    def forward(self, qkv, mask):
        steps, batch, tokens, _ = qkv.shape
        q, k, v = qkv.view(steps, batch, tokens, 3, HEADS, WIDTH // HEADS).permute(3, 0, 1, 4, 2, 5)
        score = torch.clamp(SCORE_GAIN / (WIDTH // HEADS) * (q @ k.transpose(-1, -2)), max=1) * mask
        value = torch.clamp(VALUE_GAIN / tokens * (BernoulliDraw.apply(score) @ v), max=1)
        return BernoulliDraw.apply(value).transpose(2, 3).reshape(steps, batch, tokens, WIDTH)


class Block(nn.Module):
    def __init__(self, spike):
        super().__init__()
        self.lif = Lif(spike)
        self.attention = StochasticAttention()
        self.qkv = NormalisedLinear(WIDTH, 3 * WIDTH)
        self.projection = NormalisedLinear(WIDTH, WIDTH, 0.5)
        self.up = NormalisedLinear(WIDTH, EXPANSION * WIDTH)
        self.down = NormalisedLinear(EXPANSION * WIDTH, WIDTH, 0.5)
        self.spikes = {}

    def forward(self, stream, mask):
        qkv = self.lif(self.qkv(self.lif(stream)))
        attended = self.attention(qkv, mask)
        stream = stream + self.projection(attended)
        hidden = self.lif(self.up(self.lif(stream)))
        self.spikes = {"qkv": qkv, "attention": attended, "hidden": hidden}
        return stream + self.down(hidden)


class SpikingTransformer(nn.Module):
    def __init__(self, spike):
        super().__init__()
        self.embed = NormalisedLinear(INPUTS, WIDTH)
        self.blocks = nn.ModuleList(Block(spike) for _ in range(DEPTH))
        self.lif = Lif(spike)
        self.head = nn.Linear(WIDTH, CLASSES)
        self.register_buffer("mask", torch.tril(torch.ones(TOKENS, TOKENS)))

    def forward(self, spikes):
        stream = self.embed(spikes)
        for block in self.blocks:
            stream = block(stream, self.mask)
        return self.head(self.lif(stream).mean(0))

    def take_statistics_from_next_batch(self):
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = 1.0

    def fold(self):
        for module in self.modules():
            if isinstance(module, NormalisedLinear):
                module.fold()


def measure(work, repeats, warm_up=3):
    """Wall and CPU milliseconds of each repeat after the warm-ups."""
    wall, cpu = [], []
    for repeat in range(repeats + warm_up):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        work()
        if repeat >= warm_up:
            wall.append(1e3 * (time.perf_counter() - wall_start))
            cpu.append(1e3 * (time.process_time() - cpu_start))
    return {"wall": wall, "cpu": cpu}


def matrix_product_speed():
    """GFLOP/s (per second of wall time) of 4096 x 512 times 512 x 128."""
    a, b = torch.randn(4096, 512), torch.randn(512, 128)
    return 2 * 4096 * 512 * 128 / (1e6 * min(measure(lambda: a @ b, 5)["wall"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", choices=["training", "inference"], default="training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--surrogate", choices=list(SURROGATES), default="sigmoid")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)

    model = SpikingTransformer(SURROGATES[options.surrogate])
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY)
    spikes = (torch.rand(STEPS, BATCH, TOKENS, INPUTS) < INPUT_DENSITY).float()
    labels = torch.randint(CLASSES, (BATCH * TOKENS,))
    losses = []

    def train():
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(spikes).flatten(0, 1), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimiser.step()
        losses.append(loss.item())

    def infer():
        with torch.inference_mode():
            model(spikes)

    densities = {}
    if options.measure == "training":
        samples = measure(train, options.repeats)
    else:
        model.take_statistics_from_next_batch()
        train()
        model.eval()
        model.fold()
        samples = measure(infer, options.repeats)
        densities = {f"blocks.0.{name}": bits.mean().item() for name, bits in model.blocks[0].spikes.items()}
    result = {
        "torch": torch.__version__,
        "samples": samples,
        "firstLoss": losses[0],
        "lastLoss": losses[-1],
        "residentMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "densities": densities,
        "matrixProductGflops": matrix_product_speed(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
