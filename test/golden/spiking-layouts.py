"""Writes spikformer.pth, sdt.pth, qkformer.pth and spiking-layouts.json: published spiking transformers in plain PyTorch, tiny and
with random weights, and their spikes and logits.

Written from the equations and the tensor names of the publications, independently of this project's code:

    Spikformer                 Zhou et al., ICLR 2023         names as in ZK-Zhou/spikformer, cifar10
    Spike-driven Transformer   Yao et al., NeurIPS 2023       names as in BICLab/Spike-Driven-Transformer (SDT)
    QKFormer                   Zhou et al., NeurIPS 2024      names as in zhouchenlin2096/QKFormer; its first stage and a head

Neurons are SpikingJelly's LIF with tau 2 and decay_input: V = V + (X - V) / 2, a spike where V >= threshold, then V = 0. The
threshold is 1, and 0.5 in attention. Statistics of BatchNorm are those of random images. No membrane is within 1e-5 of its threshold,
so that sums in single precision give the same spikes; those of attention are exact, because they add whole numbers.

    cd test/golden && python3 spiking-layouts.py      (PyTorch 2.6.0 on CPU; seconds)
"""

import json
import os

import torch
from torch import nn

torch.set_num_threads(1)
os.chdir(os.path.dirname(os.path.abspath(__file__)))

STEPS, IMAGES, SIDE, CLASSES, WIDTH, HEADS, INNER = 2, 2, 8, 3, 16, 2, 32
MARGIN = 1e-5


class Recorder:
    def __init__(self):
        self.trace, self.margin = {}, 1.0

    def lif(self, name, x, threshold=1.0):
        """x [T, ...]; records rows [T, B, N, features] if it has a name."""
        v, spikes = torch.zeros_like(x[0]), []
        for current in x:
            v = v + (current - v) / 2
            spike = (v >= threshold).to(v.dtype)
            if threshold == 1:
                self.margin = min(self.margin, float((v - 1).abs().min()))
            spikes.append(spike)
            v = v * (1 - spike)
        spikes = torch.stack(spikes)
        if name:
            self.keep(name, spikes)
        return spikes

    def keep(self, name, spikes):
        self.trace[name] = spikes.flatten(3).transpose(2, 3) if spikes.dim() == 5 else spikes


def each(layer, x):
    """A layer on [T, B, ...], which is applied to T B images."""
    return layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def of_columns(norm, x):
    """nn.BatchNorm1d on the last of [T, B, N, features]."""
    return norm(x.flatten(0, 2)).view(x.shape)


def rows(x):
    """[T, B, C, H, W] -> [T, B, N, C]."""
    return x.flatten(3).transpose(2, 3)


def heads(x):
    """[T, B, N, C] -> [T, B, heads, N, d]."""
    return x.unflatten(3, (HEADS, -1)).transpose(2, 3)


def merged(x):
    return x.transpose(2, 3).flatten(3)


def conv(inputs, outputs, side, bias=False, stride=1):
    return nn.Conv2d(inputs, outputs, side, stride=stride, padding=(side - 1) // 2, bias=bias)


class Stem(nn.Module):
    """Four convolutions and RPE. `pools` has a 1 for each layer that is max-pooled: 3 x 3 pixels, 2 apart."""

    def __init__(self, widths, pools):
        super().__init__()
        self.pools = pools
        for i, (inputs, outputs) in enumerate(zip((3,) + widths, widths)):
            suffix = "" if i == 0 else str(i)
            self.add_module(f"proj_conv{suffix}", conv(inputs, outputs, 3))
            self.add_module(f"proj_bn{suffix}", nn.BatchNorm2d(outputs))
        self.rpe_conv, self.rpe_bn = conv(WIDTH, WIDTH, 3), nn.BatchNorm2d(WIDTH)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, x, net):
        for i, pools in enumerate(self.pools):
            suffix = "" if i == 0 else str(i)
            x = each(getattr(self, f"proj_bn{suffix}"), each(getattr(self, f"proj_conv{suffix}"), x))
            if net.membrane and i == 3:
                currents = each(self.pool, x) if pools == "1" else x
                x = net.record.lif(f"stem.{i}.map", currents)
            else:
                x = net.record.lif(f"stem.{i}.map", x)
                x = each(self.pool, x) if pools == "1" else x
        y = each(self.rpe_bn, each(self.rpe_conv, x))
        return y + currents if net.membrane else net.record.lif("embed", y) + x


class Spikformer(nn.Module):
    membrane = False

    def __init__(self):
        super().__init__()
        self.patch_embed = Stem((8, 8, 16, 16), "0011")
        self.block = nn.ModuleList([nn.Module(), nn.Module()])
        for block in self.block:
            block.attn, block.mlp = nn.Module(), nn.Module()
            # As published, both LayerNorms are in the checkpoint and unused.
            block.norm1, block.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            layers = [(block.attn, letter, WIDTH, WIDTH) for letter in ("q", "k", "v", "proj")]
            for owner, name, inputs, outputs in [*layers, (block.mlp, "fc1", WIDTH, INNER), (block.mlp, "fc2", INNER, WIDTH)]:
                owner.add_module(f"{name}_linear", nn.Linear(inputs, outputs))
                owner.add_module(f"{name}_bn", nn.BatchNorm1d(outputs))
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        def layer(owner, name, x):
            return of_columns(getattr(owner, f"{name}_bn"), getattr(owner, f"{name}_linear")(x))

        lif = self.record.lif
        x = rows(self.patch_embed(x, self))
        for i, block in enumerate(self.block):
            at = f"blocks.{i}"
            q, k, v = (heads(lif(f"{at}.{letter}", layer(block.attn, letter, x))) for letter in ("q", "k", "v"))
            a = lif(f"{at}.attention", merged(q @ k.transpose(-1, -2) * 0.125 @ v), 0.5)
            x = x + lif(f"{at}.projection", layer(block.attn, "proj", a))
            hidden = lif(f"{at}.hidden", layer(block.mlp, "fc1", x))
            x = x + lif(f"{at}.down", layer(block.mlp, "fc2", hidden))
        return self.head(x.mean(2).mean(0))


class SpikeDriven(nn.Module):
    membrane = True

    def __init__(self):
        super().__init__()
        self.patch_embed = Stem((8, 8, 16, 16), "0011")
        self.block = nn.ModuleList([nn.Module()])
        for block in self.block:
            block.attn, block.mlp = nn.Module(), nn.Module()
            for letter in ("q", "k", "v", "proj"):
                block.attn.add_module(f"{letter}_conv", conv(WIDTH, WIDTH, 1, bias=letter == "proj"))
                block.attn.add_module(f"{letter}_bn", nn.BatchNorm2d(WIDTH))
            # As published, in the checkpoint and unused.
            block.attn.talking_heads = nn.Conv1d(HEADS, HEADS, 1, bias=False)
            for name, inputs, outputs in [("fc1", WIDTH, INNER), ("fc2", INNER, WIDTH)]:
                block.mlp.add_module(f"{name}_conv", conv(inputs, outputs, 1, bias=True))
                block.mlp.add_module(f"{name}_bn", nn.BatchNorm2d(outputs))
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        def layer(owner, name, x):
            return each(getattr(owner, f"{name}_bn"), each(getattr(owner, f"{name}_conv"), x))

        lif = self.record.lif
        x = self.patch_embed(x, self)
        for i, block in enumerate(self.block):
            at = f"blocks.{i}"
            s = lif(f"{at}.input", x)
            q, k, v = (lif(f"{at}.{letter}", layer(block.attn, letter, s)) for letter in ("q", "k", "v"))
            # A sum over tokens for each channel, then a spike that gates q.
            a = q * lif(None, (k * v).sum((3, 4), keepdim=True), 0.5)
            self.record.keep(f"{at}.attention", a)
            x = x + layer(block.attn, "proj", a)
            hidden = lif(f"{at}.hidden", layer(block.mlp, "fc1", lif(f"{at}.middle", x)))
            x = x + layer(block.mlp, "fc2", hidden)
        mean = lif("output", rows(x).mean(2, keepdim=True))
        return self.head(mean.squeeze(2)).mean(0)


class QKFormer(nn.Module):
    membrane = False

    def __init__(self):
        super().__init__()
        self.patch_embed1 = nn.Module()
        for name, inputs, outputs, side in [("proj", 3, 8, 3), ("proj1", 8, WIDTH, 3), ("proj_res", 8, WIDTH, 1)]:
            self.patch_embed1.add_module(f"{name}_conv", conv(inputs, outputs, side))
            self.patch_embed1.add_module(f"{name}_bn", nn.BatchNorm2d(outputs))
        self.stage1 = nn.ModuleList([nn.Module(), nn.Module()])
        for block in self.stage1:
            block.tssa, block.mlp = nn.Module(), nn.Module()
            for name in ("q", "k", "proj"):
                block.tssa.add_module(f"{name}_conv", nn.Conv1d(WIDTH, WIDTH, 1, bias=name == "proj"))
                block.tssa.add_module(f"{name}_bn", nn.BatchNorm1d(WIDTH))
            for name, inputs, outputs in [("mlp1", WIDTH, INNER), ("mlp2", INNER, WIDTH)]:
                block.mlp.add_module(f"{name}_conv", conv(inputs, outputs, 1, bias=True))
                block.mlp.add_module(f"{name}_bn", nn.BatchNorm2d(outputs))
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        def layer(owner, name, x):
            return each(getattr(owner, f"{name}_bn"), each(getattr(owner, f"{name}_conv"), x))

        lif, stem = self.record.lif, self.patch_embed1
        first = lif("stem.0.map", layer(stem, "proj", x))
        trains = [lif(None, layer(stem, name, first)) for name in ("proj1", "proj_res")]
        self.record.keep("embed", torch.cat(trains, 2))
        x = trains[0] + trains[1]
        for i, block in enumerate(self.stage1):
            at = f"blocks.{i}"
            q, k = (lif(None, layer(block.tssa, name, x.flatten(3))) for name in ("q", "k"))
            # [T, B, heads, d, N]: a sum over the features of a head for each token, then a spike that gates k.
            count = q.unflatten(2, (HEADS, -1)).sum(3, keepdim=True)
            a = (lif(None, count, 0.5) * k.unflatten(2, (HEADS, -1))).flatten(2, 3)
            for name, spikes in (("q", q), ("k", k), ("attention", a)):
                self.record.keep(f"{at}.{name}", spikes.transpose(2, 3))
            x = x + lif(f"{at}.projection", layer(block.tssa, "proj", a).view(x.shape))
            hidden = lif(f"{at}.hidden", layer(block.mlp, "mlp1", x))
            x = x + lif(f"{at}.down", layer(block.mlp, "mlp2", hidden))
        return self.head(x.flatten(3).mean(3).mean(0))


def packed(bits):
    """Bits as hexadecimal text, four to a digit, first bit first; padded with zeros."""
    flat = "".join(str(int(bit)) for bit in bits.flatten())
    flat += "0" * (-len(flat) % 4)
    return "".join(f"{int(flat[i:i + 4], 2):x}" for i in range(0, len(flat), 4))


def prepared(kind, side):
    """A network with free weights, and statistics of random images."""
    network = kind()
    network.record = Recorder()
    for name, parameter in network.named_parameters():
        norm = "bn" in name and name.endswith("weight")
        noise = torch.randn_like(parameter)
        parameter.data = 2 + 0.4 * noise if norm else noise * (0.3 if parameter.dim() > 1 else 0.2) + (0.6 if "bn" in name else 0)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.momentum = None
    with torch.no_grad():
        network.train()(torch.rand(8, 3, side, side).repeat(STEPS, 1, 1, 1, 1))
    network.record = Recorder()
    return network.eval()


def answer(kind, file, side):
    for seed in range(1000):
        torch.manual_seed(seed)
        network = prepared(kind, side)
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        pixels = torch.randint(0, 256, (IMAGES, 3, side, side))
        with torch.no_grad():
            logits = network.double()((pixels.double() / 255).repeat(STEPS, 1, 1, 1, 1))
        record = network.record
        rates = [float(spikes.mean()) for spikes in record.trace.values()]
        if record.margin > MARGIN and min(rates) > 0.02 and max(rates) < 0.9:
            break
    else:
        raise SystemExit(f"no seed for {file}")
    torch.save(state, file)
    print(file, "seed", seed, "margin", record.margin, {n: round(float(s.mean()), 2) for n, s in record.trace.items()})
    return {
        "side": side,
        # Rows of pixels, channels innermost.
        "pixels": pixels.permute(0, 2, 3, 1).flatten().tolist(),
        "logits": logits.flatten().tolist(),
        "margin": record.margin,
        "trace": {name: packed(spikes) for name, spikes in record.trace.items()},
    }


golden = {
    "spikformer": answer(Spikformer, "spikformer.pth", 2 * SIDE),
    "sdt": answer(SpikeDriven, "sdt.pth", 2 * SIDE),
    "qkformer": answer(QKFormer, "qkformer.pth", SIDE),
}
with open("spiking-layouts.json", "w") as file:
    json.dump(golden, file)
    file.write("\n")
