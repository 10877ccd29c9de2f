"""Writes nir-*.nir with NIR's own writer, and nir.json: what a plain numpy program computes for them.

The graphs follow NIR's examples in kind: the LIF neuron of its paper (section "LIF", the published parameters), a convolutional network like
that of its N-MNIST example but small, a graph of branches with a graph inside, and a recurrent one. The program below is independent of this
project's code: it convolves by padded arrays and einsum, forward Euler with dt = 0.0001.

    cd test/golden && PYTHONPATH=<checkout of NIR 1.0.8> python3 nir.py     (h5py 3.13, numpy 2.2; a second)
"""

import json
import os
import sys

import numpy as np

folder = os.path.dirname(os.path.abspath(__file__))
# This file has the name of the package.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != folder]
import nir  # noqa: E402

os.chdir(folder)
nir.version = "1.0.8"
DT = 1e-4
random = np.random.default_rng(1)


def singles(*shape, scale=1.0):
    """Multiples of 1/64, so that sums are exact in any order."""
    return np.round(random.normal(size=shape) * scale * 64).astype(np.float32) / np.float32(64)


def same(shape, value):
    return np.full(shape, value, dtype=np.float32)


def conv(channels, outputs, kernel, stride, padding, side, bias=True):
    return nir.Conv2d(
        input_shape=(side, side),
        weight=singles(outputs, channels, kernel, kernel, scale=0.4) + np.float32(0.03125),
        stride=stride,
        padding=padding,
        dilation=1,
        groups=1,
        bias=abs(singles(outputs, scale=0.4)) if bias else np.zeros(outputs, dtype=np.float32),
    )


def neurons(*shape):
    return nir.IF(r=same(shape, 1 / DT), v_threshold=same(shape, 1))


lif = nir.NIRGraph(
    nodes={
        "input": nir.Input(input_type=np.array([1])),
        "0": nir.Affine(weight=same((1, 1), 1), bias=same((1,), 0)),
        "1": nir.LIF(
            tau=same((1,), 0.0025), r=same((1,), 1), v_leak=same((1,), 0), v_threshold=same((1,), 0.1)
        ),
        "output": nir.Output(output_type=np.array([1])),
    },
    edges=[("input", "0"), ("0", "1"), ("1", "output")],
    metadata={"reset": "soft", "time_step": DT, "some": "metadata", "with": 2, "data": np.array([1, 2, 3])},
)

cnn_nodes = [
    ("input", nir.Input(input_type=np.array([2, 12, 12]))),
    ("0", conv(2, 4, 5, 2, 1, 12)),
    ("1", neurons(4, 5, 5)),
    ("2", conv(4, 4, 3, 1, (1, 1), 5)),
    ("3", neurons(4, 5, 5)),
    ("4", nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0]))),
    ("5", conv(4, 6, 3, 1, "same", 2, bias=False)),
    ("6", neurons(6, 2, 2)),
    ("7", nir.Flatten(input_type=np.array([6, 2, 2]), start_dim=0, end_dim=-1)),
    ("8", nir.Affine(weight=singles(8, 24, scale=0.4), bias=singles(8, scale=0.2))),
    ("9", neurons(8)),
    ("10", nir.Affine(weight=abs(singles(3, 8, scale=0.5)), bias=np.zeros(3, dtype=np.float32))),
    ("11", neurons(3)),
    ("output", nir.Output(output_type=np.array([3]))),
]
names = [name for name, _ in cnn_nodes]
cnn = nir.NIRGraph(nodes=dict(cnn_nodes), edges=list(zip(names, names[1:]))[::-1])

inner = nir.NIRGraph(
    nodes={
        "in": nir.Input(input_type=np.array([3])),
        "scale": nir.Scale(scale=np.array([0.5, 2.0, -1.0])),
        "out": nir.Output(output_type=np.array([3])),
    },
    edges=[("in", "scale"), ("scale", "out")],
    metadata={"note": "a graph inside"},
)
branches = nir.NIRGraph(
    nodes={
        "input": nir.Input(input_type=np.array([2])),
        "a": nir.Linear(weight=np.array([[1.0, 0.5], [-0.25, 2.0], [0.0, 1.5]])),
        "b": nir.Affine(weight=np.array([[0.5, -1.0], [1.0, 1.0], [2.0, 0.0]]), bias=np.array([0.125, 0.0, -0.5])),
        "inner": inner,
        "step": nir.Threshold(threshold=np.array([0.0, 0.5, 1.0])),
        "li": nir.LI(tau=np.array([2 * DT] * 3), r=np.array([2.0] * 3), v_leak=np.array([0.25, 0.0, -0.25])),
        "sum": nir.I(r=np.array([1 / DT] * 3)),
        "output": nir.Output(output_type=np.array([3])),
    },
    edges=[
        ("input", "a"),
        ("input", "b"),
        ("a", "inner"),
        ("b", "step"),
        ("inner", "li"),
        ("step", "li"),
        ("li", "sum"),
        ("sum", "output"),
    ],
)

recurrent = nir.NIRGraph(
    nodes={
        "input": nir.Input(input_type=np.array([2])),
        "fc": nir.Linear(weight=singles(2, 2)),
        "lif": nir.CubaLIF(
            **{name: same((2,), 1e-3) for name in ["tau_syn", "tau_mem"]},
            **{name: same((2,), 1) for name in ["r", "v_threshold"]},
            v_leak=same((2,), 0),
        ),
        "w_rec": nir.Linear(weight=singles(2, 2)),
        "output": nir.Output(output_type=np.array([2])),
    },
    edges=[("input", "fc"), ("fc", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
)


def convolve(x, node):
    """x: [T, C, H, W]."""
    k = node.weight.shape[2]
    pad = (k // 2, k // 2) if node.padding == "same" else tuple(int(p) for p in np.ravel(node.padding))
    stride = int(np.ravel(node.stride)[0])
    padded = np.pad(x, ((0, 0), (0, 0), (pad[0],) * 2, (pad[-1],) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("tchwij,ocij->tohw", windows, node.weight.astype(float)) + node.bias.astype(float)[:, None, None]


def spikes(currents, decay, gain, threshold, soft=False):
    v, bits = np.zeros_like(currents[0]), []
    for current in currents:
        v = decay * v + gain * current
        z = (v > threshold).astype(float)
        v = v - z * threshold if soft else v * (1 - z)
        bits.append(z)
    return np.array(bits)


STEPS = 6
image = (random.random((STEPS, 2, 12, 12)) < 0.6).astype(float)
x = convolve(image, cnn.nodes["0"])
x = spikes(x, 1, 1, 1)
x = spikes(convolve(x, cnn.nodes["2"]), 1, 1, 1)
x = x[:, :, :4, :4].reshape(STEPS, 4, 2, 2, 2, 2).sum((3, 5))
x = spikes(convolve(x, cnn.nodes["5"]), 1, 1, 1).reshape(STEPS, -1)
x = spikes(x @ cnn.nodes["8"].weight.T.astype(float) + cnn.nodes["8"].bias, 1, 1, 1)
cnn_output = spikes(x @ cnn.nodes["10"].weight.T.astype(float), 1, 1, 1)

pairs = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, -0.5]])
a = pairs @ branches.nodes["a"].weight.T * np.array([0.5, 2.0, -1.0])
b = (pairs @ branches.nodes["b"].weight.T + branches.nodes["b"].bias > np.array([0.0, 0.5, 1.0])).astype(float)
v, li = np.zeros(3), []
for current in a + b:
    v = v + 0.5 * ((np.array([0.25, 0.0, -0.25]) - v) + 2 * current)
    li.append(v)

for name, graph in {"lif": lif, "cnn": cnn, "branches": branches, "recurrent": recurrent}.items():
    nir.write(f"nir-{name}.nir", graph)
with open("nir.json", "w") as file:
    document = {
        "cnn": {"input": image.ravel().astype(int).tolist(), "output": cnn_output.ravel().astype(int).tolist()},
        "branches": {"input": pairs.ravel().tolist(), "output": np.cumsum(li, axis=0).ravel().tolist()},
    }
    file.write(json.dumps(document) + "\n")
