"""Writes the checkpoints of published layouts next to it, and layouts.json with their answers: random weights, small sizes.

The networks are written from the published equations with torch's own modules: pre-LN blocks with exact GELU, as in Dosovitskiy et al.,
"An image is worth 16x16 words" (ICLR 2021). Names and shapes of the tensors are those of the programs that published the layouts:
torch.nn.TransformerEncoder itself, PyTorch Image Models (timm), and Hugging Face transformers.

    cd test/golden && python3 layouts.py      (PyTorch 2.6.0 on CPU; a second)

timm-vit.pth       class token, LayerNorm epsilon 1e-6
timm-vit-mean.pth  no class token, the mean of normalised tokens, LayerScale, no bias of qkv; within {"model": ...}, names after "module."
hf-vit.pth         class token, LayerNorm epsilon 1e-12
torch-encoder.pth  nn.TransformerEncoder with norm_first=True and ReLU, between an embedding and a head; causal mask
"""

import json
import os

import torch
from torch import nn

torch.manual_seed(20261201)
torch.set_num_threads(1)
os.chdir(os.path.dirname(os.path.abspath(__file__)))
golden = {}

WIDTH, HEADS, HIDDEN, DEPTH, CLASSES, PATCH, SIDE = 16, 2, 32, 2, 5, 4, 8
pixels = torch.randint(0, 256, (3, 3, SIDE, SIDE))
images = pixels.double() / 127.5 - 1


def normal(*shape):
    return 0.5 * torch.randn(*shape)


def linear(outputs, inputs):
    return torch.randn(outputs, inputs) / inputs**0.5


def attend(q, k, v, mask=None):
    b, n, d = q.shape
    q, k, v = (x.view(b, n, HEADS, d // HEADS).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.transpose(-1, -2) / (d // HEADS) ** 0.5
    return (torch.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(b, n, d)


def norm(x, p, name, epsilon):
    return nn.functional.layer_norm(x, (WIDTH,), p[f"{name}.weight"], p[f"{name}.bias"], epsilon)


def layer(x, p, name):
    return nn.functional.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))


def patches(p, name):
    return nn.functional.conv2d(images, p[f"{name}.weight"], p[f"{name}.bias"], stride=PATCH).flatten(2).transpose(1, 2)


def with_class_token(x, token):
    return torch.cat([token.expand(len(x), -1, -1), x], dim=1)


def add_norm(p, name):
    p[f"{name}.weight"], p[f"{name}.bias"] = 1 + 0.2 * torch.randn(WIDTH), 0.2 * torch.randn(WIDTH)


def add_layer(p, name, outputs, inputs, bias=True):
    p[f"{name}.weight"] = linear(outputs, inputs)
    if bias:
        p[f"{name}.bias"] = normal(outputs)


def add_patches(p, name):
    p[f"{name}.weight"], p[f"{name}.bias"] = normal(WIDTH, 3, PATCH, PATCH) / 3, normal(WIDTH)


TOKENS = (SIDE // PATCH) ** 2


def timm(class_token, scaled, qkv_bias):
    p = {}
    if class_token:
        p["cls_token"] = normal(1, 1, WIDTH)
    p["pos_embed"] = normal(1, TOKENS + (1 if class_token else 0), WIDTH)
    add_patches(p, "patch_embed.proj")
    for i in range(DEPTH):
        add_norm(p, f"blocks.{i}.norm1")
        add_layer(p, f"blocks.{i}.attn.qkv", 3 * WIDTH, WIDTH, qkv_bias)
        add_layer(p, f"blocks.{i}.attn.proj", WIDTH, WIDTH)
        if scaled:
            p[f"blocks.{i}.ls1.gamma"] = normal(WIDTH)
        add_norm(p, f"blocks.{i}.norm2")
        add_layer(p, f"blocks.{i}.mlp.fc1", HIDDEN, WIDTH)
        add_layer(p, f"blocks.{i}.mlp.fc2", WIDTH, HIDDEN)
        if scaled:
            p[f"blocks.{i}.ls2.gamma"] = normal(WIDTH)
    add_norm(p, "norm")
    add_layer(p, "head", CLASSES, WIDTH)
    return p


def timm_logits(p):
    one = torch.ones(WIDTH, dtype=torch.float64)
    x = patches(p, "patch_embed.proj")
    if "cls_token" in p:
        x = with_class_token(x, p["cls_token"])
    x = x + p["pos_embed"]
    for i in range(DEPTH):
        b = f"blocks.{i}"
        q, k, v = layer(norm(x, p, f"{b}.norm1", 1e-6), p, f"{b}.attn.qkv").chunk(3, dim=-1)
        x = x + p.get(f"{b}.ls1.gamma", one) * layer(attend(q, k, v), p, f"{b}.attn.proj")
        hidden = nn.functional.gelu(layer(norm(x, p, f"{b}.norm2", 1e-6), p, f"{b}.mlp.fc1"))
        x = x + p.get(f"{b}.ls2.gamma", one) * layer(hidden, p, f"{b}.mlp.fc2")
    x = norm(x, p, "norm", 1e-6)
    return layer(x[:, 0] if "cls_token" in p else x.mean(dim=1), p, "head")


def hugging_face():
    p = {"vit.embeddings.cls_token": normal(1, 1, WIDTH), "vit.embeddings.position_embeddings": normal(1, TOKENS + 1, WIDTH)}
    add_patches(p, "vit.embeddings.patch_embeddings.projection")
    for i in range(DEPTH):
        b = f"vit.encoder.layer.{i}"
        for name in ("query", "key", "value"):
            add_layer(p, f"{b}.attention.attention.{name}", WIDTH, WIDTH)
        add_layer(p, f"{b}.attention.output.dense", WIDTH, WIDTH)
        add_layer(p, f"{b}.intermediate.dense", HIDDEN, WIDTH)
        add_layer(p, f"{b}.output.dense", WIDTH, HIDDEN)
        add_norm(p, f"{b}.layernorm_before")
        add_norm(p, f"{b}.layernorm_after")
    add_norm(p, "vit.layernorm")
    add_layer(p, "classifier", CLASSES, WIDTH)
    return p


def hugging_face_logits(p):
    x = patches(p, "vit.embeddings.patch_embeddings.projection")
    x = with_class_token(x, p["vit.embeddings.cls_token"]) + p["vit.embeddings.position_embeddings"]
    for i in range(DEPTH):
        b = f"vit.encoder.layer.{i}"
        y = norm(x, p, f"{b}.layernorm_before", 1e-12)
        q, k, v = (layer(y, p, f"{b}.attention.attention.{name}") for name in ("query", "key", "value"))
        x = x + layer(attend(q, k, v), p, f"{b}.attention.output.dense")
        hidden = nn.functional.gelu(layer(norm(x, p, f"{b}.layernorm_after", 1e-12), p, f"{b}.intermediate.dense"))
        x = x + layer(hidden, p, f"{b}.output.dense")
    return layer(norm(x, p, "vit.layernorm", 1e-12)[:, 0], p, "classifier")


def wide(p):
    return {name: tensor.double() for name, tensor in p.items()}


def rows(tensor):
    return tensor.detach().flatten().tolist()


vit = timm(class_token=True, scaled=False, qkv_bias=True)
torch.save(vit, "timm-vit.pth")
mean = timm(class_token=False, scaled=True, qkv_bias=False)
torch.save({"model": {f"module.{name}": tensor for name, tensor in mean.items()}}, "timm-vit-mean.pth")
face = hugging_face()
torch.save(face, "hf-vit.pth")
# Channels last, as images are stored here.
golden["images"] = rows(pixels.permute(0, 2, 3, 1))
golden["timmVit"] = rows(timm_logits(wide(vit)))
golden["timmVitMean"] = rows(timm_logits(wide(mean)))
golden["hfVit"] = rows(hugging_face_logits(wide(face)))


class Encoder(nn.Module):
    """The 2x2 link with 3 pilots and shifted tokens: 4 tokens of 8 values, each attending to earlier ones and itself."""

    def __init__(self, activation):
        super().__init__()
        block = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, activation=activation, batch_first=True, norm_first=True)
        self.embed = nn.Linear(8, WIDTH)
        self.encoder = nn.TransformerEncoder(block, DEPTH, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 16)

    def forward(self, x, mask):
        return self.head(self.encoder(self.embed(x), mask=mask))


encoder = Encoder("relu")
with torch.no_grad():
    for parameter in encoder.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
torch.save(encoder.state_dict(), "torch-encoder.pth")
encoder = encoder.double().eval()
values = torch.randn(3, 4, 8)
closed = torch.ones(4, 4).triu(1).bool()
with torch.no_grad():
    golden["torchEncoder"] = {"values": rows(values), "relu": rows(encoder(values.double(), closed))}
    for block in encoder.encoder.layers:
        block.activation = nn.functional.gelu
        block.activation_relu_or_gelu = 2
    golden["torchEncoder"]["gelu"] = rows(encoder(values.double(), closed))

with open("layouts.json", "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
