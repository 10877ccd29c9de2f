"""Writes the .pth files next to it and pytorch.json: networks in plain PyTorch, their answers, and how torch.save stores them.

The networks follow docs/model.md, written independently of this project's code, with torch's own modules and layouts.

    cd test/golden && python3 pytorch.py      (PyTorch 2.6.0 on CPU; some seconds; only a name in legacy.pth changes)

ann.pth           the conventional transformer: nn.Linear, nn.LayerNorm, fused qkv, learned positions
ann-separate.pth  the same numbers with q, k and v apart, within {"epoch", "state_dict", "optimizer"}
spiking.pth       the spiking transformer with LIF attention; every sum exact in single precision (see below)
batch-norm.pth    the same architecture with BatchNorm1d in use and free weights; no membrane at its threshold
types.pth         every number type, views, shared storages, a parameter, a scalar, an empty tensor
types-deflated.pth  the same, packed again with compression
legacy.pth        two numbers in the format before PyTorch 1.6
"""

import json
import os
import zipfile

import torch
from torch import nn

torch.manual_seed(20250611)
torch.set_num_threads(1)
# torch.save names the folder in the archive after the file.
os.chdir(os.path.dirname(os.path.abspath(__file__)))
golden = {}


# The conventional transformer: 2x2 QPSK link, 3 pilots, query-context tokens: queries 0, 2, 4, 6, contexts 1, 3, 5.
class AnnBlock(nn.Module):
    def __init__(self, width, heads, expansion):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, expansion * width), nn.Linear(expansion * width, width)

    def forward(self, x, mask):
        b, n, d = x.shape
        q, k, v = (part.view(b, n, self.heads, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=-1))
        scores = (q @ k.transpose(-1, -2) / (d // self.heads) ** 0.5).masked_fill(~mask, float("-inf"))
        # A token that may attend to no key gets 0.
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        x = x + self.projection((weights @ v).transpose(1, 2).reshape(b, n, d))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Ann(nn.Module):
    def __init__(self, inputs, tokens, classes, width, depth, heads, expansion):
        super().__init__()
        self.embed = nn.Linear(inputs, width)
        self.position = nn.Parameter(0.1 * torch.randn(tokens, width))
        self.blocks = nn.ModuleList(AnnBlock(width, heads, expansion) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x, mask, queries):
        x = self.embed(x) + self.position
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))[:, queries]


def move(module):
    """Moves parameters away from initial values, so that no gain of 1 or bias of 0 hides a mistake."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn_like(parameter)


queries = [0, 2, 4, 6]
mask = torch.tensor([[j % 2 == 1 and j < i for j in range(7)] for i in range(7)])
ann = Ann(inputs=8, tokens=7, classes=16, width=16, depth=2, heads=2, expansion=2)
move(ann)
torch.save(ann.state_dict(), "ann.pth")
values = torch.randn(3, 7, 8)
golden["ann"] = {
    "mask": [int(x) for x in mask.flatten()],
    "queries": queries,
    "values": values.flatten().tolist(),
    "logits": ann(values, mask, queries).flatten().tolist(),
}
apart = {}
for name, tensor in ann.state_dict().items():
    if ".qkv." in name:
        for letter, part in zip("qkv", tensor.chunk(3)):
            apart[name.replace("qkv", letter)] = part.clone()
    else:
        apart[name] = tensor
optimizer = torch.optim.AdamW([nn.Parameter(torch.ones(2))])
torch.save({"epoch": 7, "state_dict": apart, "optimizer": optimizer.state_dict()}, "ann-separate.pth")


# The spiking transformer with LIF attention: 7 pilots as 8 shifted tokens, each attending to earlier ones and itself.
def lif(current):
    """[T, ...] -> bits and the membranes before the reset; beta 0.5, threshold 1, hard reset."""
    v, bits, membranes = torch.zeros_like(current[0]), [], []
    for i in current:
        v = 0.5 * v + i
        s = (v >= 1).to(v.dtype)
        bits.append(s)
        membranes.append(v)
        v = v * (1 - s)
    return torch.stack(bits), torch.stack(membranes)


class SpikingBlock(nn.Module):
    def __init__(self, width, expansion, norm):
        super().__init__()
        for name, inputs, outputs in [
            ("qkv", width, 3 * width),
            ("projection", width, width),
            ("up", width, expansion * width),
            ("down", expansion * width, width),
        ]:
            self.add_module(name, nn.Linear(inputs, outputs))
            if norm:
                self.add_module(f"{name}_norm", nn.BatchNorm1d(outputs))


class Spiking(nn.Module):
    def __init__(self, inputs, classes, width, depth, heads, expansion, norm):
        super().__init__()
        self.heads = heads
        self.embed = nn.Linear(inputs, width)
        if norm:
            self.embed_norm = nn.BatchNorm1d(width)
        self.blocks = nn.ModuleList(SpikingBlock(width, expansion, norm) for _ in range(depth))
        self.head = nn.Linear(width, classes)

    def layer(self, owner, name, x):
        y = getattr(owner, name)(x)
        norm = getattr(owner, f"{name}_norm", None)
        return y if norm is None else norm(y.flatten(0, -2)).view(y.shape)

    def forward(self, x, mask):
        t, b, n, _ = x.shape
        trace, membranes = {}, {}

        def fire(name, current):
            bits, before_reset = lif(current)
            # The currents of attention are counts times powers of two, exact in any arithmetic.
            if name:
                trace[name], membranes[name] = bits, before_reset
            return bits

        def attend(name, bits):
            q, k, v = (part.view(t, b, n, self.heads, -1).transpose(2, 3) for part in bits.chunk(3, dim=-1))
            d = q.shape[-1]
            scores = fire(None, 4 * (q @ k.transpose(-1, -2)) / d) * mask
            trace[f"{name}.scores"] = scores
            output = fire(None, 8 * (scores @ v) / n)
            return output.transpose(2, 3).reshape(t, b, n, -1)

        stream = self.layer(self, "embed", x)
        for i, block in enumerate(self.blocks):
            name = f"blocks.{i}"
            bits = fire(f"{name}.qkv", self.layer(block, "qkv", fire(f"{name}.input", stream)))
            attention = attend(name, bits)
            trace[f"{name}.attention"] = attention
            stream = stream + self.layer(block, "projection", attention)
            hidden = fire(f"{name}.hidden", self.layer(block, "up", fire(f"{name}.middle", stream)))
            stream = stream + self.layer(block, "down", hidden)
        logits = self.head(fire("output", stream)).mean(dim=0)
        return logits, trace, torch.cat([v.flatten() for v in membranes.values()])


def packed(trace):
    """Bits as hexadecimal text, four to a digit, first bit first; padded with zeros."""
    texts = {}
    for name, bits in trace.items():
        flat = "".join(str(int(bit)) for bit in bits.flatten())
        flat += "0" * (-len(flat) % 4)
        texts[name] = "".join(f"{int(flat[i:i + 4], 2):x}" for i in range(0, len(flat), 4))
    return texts


def answer(network, inputs, mask):
    """The contents of the golden file, and all membranes."""
    with torch.no_grad():
        logits, trace, membranes = network(inputs, mask.to(inputs.dtype))
    return {"logits": logits.flatten().tolist(), "trace": packed(trace)}, membranes


STEPS, PROMPTS, TOKENS, INPUTS = 4, 2, 8, 24
mask = torch.tensor([[j <= i for j in range(TOKENS)] for i in range(TOKENS)])
bits = (torch.rand(STEPS, PROMPTS, TOKENS, INPUTS) < 0.5).float()
size = dict(inputs=INPUTS, classes=16, width=16, depth=2, heads=2, expansion=2)

# Weights and biases are multiples of 2^-5 of magnitude below 2. A current is a sum of at most 33 of them, the stream a sum of
# five currents, so multiples of 2^-5 below 2^9. Four steps of halving the membrane add 4 bits: multiples of 2^-9 below 2^10, that
# is 19 bits, and single precision holds 24. Attention currents are 4 c / 8 and 8 c / 8 for counts c of at most 8, and the mean
# over 4 steps a quarter. So every sum is exact, in any order, and spikes must be equal, also where V is exactly 1.
exact = Spiking(**size, norm=False)
with torch.no_grad():
    for parameter in exact.parameters():
        scale = 1.5 if parameter.dim() == 1 else 6.0 / parameter.shape[1] ** 0.5
        parameter.copy_((32 * (scale * (torch.rand_like(parameter) - 0.45)).clamp(-1.9, 1.9)).round() / 32)
single, membranes = answer(exact, bits, mask)
double, wide = answer(exact.double(), bits.double(), mask)
assert single == double and torch.equal(membranes.double(), wide), "sums should be exact"
torch.save(exact.float().state_dict(), "spiking.pth")
golden["spiking"] = {
    "inputs": packed({"inputs": bits})["inputs"],
    "ties": int((membranes == 1).sum()),
    **single,
}

# With free numbers single precision rounds, and so does folding. Numbers are drawn until every membrane keeps `margin` from the
# threshold, a hundred times what single precision moves any membrane by (`rounding`): then spikes must be equal still.
for attempt in range(1000):
    torch.manual_seed(attempt)
    free = Spiking(**size, norm=True)
    with torch.no_grad():
        for name, tensor in free.state_dict().items():
            if name.endswith("running_mean"):
                tensor.copy_(0.3 * torch.randn_like(tensor))
            elif name.endswith("running_var"):
                tensor.copy_(0.2 + 0.5 * torch.rand_like(tensor))
            elif name.endswith("_norm.weight"):
                tensor.copy_(0.8 + 0.8 * torch.rand_like(tensor))
            elif name.endswith("_norm.bias"):
                tensor.copy_(0.3 + 0.4 * torch.randn_like(tensor))
    free.eval()
    _, membranes = answer(free, bits, mask)
    result, wide = answer(free.double(), bits.double(), mask)
    margin, rounding = (wide - 1).abs().min().item(), (membranes - wide).abs().max().item()
    if margin >= 100 * rounding:
        break
else:
    raise SystemExit("no set of numbers keeps its distance")
torch.save(free.float().state_dict(), "batch-norm.pth")
golden["batchNorm"] = {"margin": margin, "rounding": rounding, **result}

base = torch.arange(24, dtype=torch.float32) / 8 - 1
shared = torch.arange(6, dtype=torch.float32)
types = {
    "float64": torch.tensor([[0.1, -2.5], [1e300, 5e-324]], dtype=torch.float64),
    "float32": torch.tensor([0.1, -0.0, 3.4e38, 1e-45]),
    "float16": torch.tensor([0.1, -65504, 6e-8, 1], dtype=torch.float16),
    "bfloat16": torch.tensor([0.1, -3e38, 1e-40, 1], dtype=torch.bfloat16),
    "int64": torch.tensor([2**53 - 1, -(2**53) + 1, 0]),
    "int32": torch.tensor([2**31 - 1, -(2**31), 7], dtype=torch.int32),
    "int16": torch.tensor([32767, -32768], dtype=torch.int16),
    "int8": torch.tensor([127, -128], dtype=torch.int8),
    "uint8": torch.tensor([255, 0], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "transposed": base.view(4, 6).t(),
    "every other": base[1::2],
    "permuted": base.view(2, 3, 4).permute(2, 0, 1),
    "shared": shared,
    "shared tail": shared[4:],
    "parameter": nn.Parameter(torch.tensor([1.5, 2.5])),
    "scalar": torch.tensor(0.25),
    "empty": torch.empty(0, 3),
    "Grüße": torch.tensor([1.0]),
}
torch.save({"nested": {"model": types, "note": "text", "step": 2**40, "rate": 0.5, "flags": [None, True, (1, 2, 3, 4)]}}, "types.pth")
golden["types"] = {
    name: {"shape": list(tensor.shape), "values": tensor.detach().double().flatten().tolist()} for name, tensor in types.items()
}
with zipfile.ZipFile("types.pth") as stored, zipfile.ZipFile("types-deflated.pth", "w", zipfile.ZIP_DEFLATED) as deflated:
    for entry in stored.infolist():
        deflated.writestr(zipfile.ZipInfo(entry.filename), stored.read(entry), zipfile.ZIP_DEFLATED)

torch.save({"weight": torch.tensor([1.0, 2.0])}, "legacy.pth", _use_new_zipfile_serialization=False)

with open("pytorch.json", "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
