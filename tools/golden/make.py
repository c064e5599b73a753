#!/usr/bin/python3
"""Writes what PyTorch computes for small models and optimisers, for the tests to hold the kernels against.

    apt-get install -y python3-torch libopenblas0-pthread
    tools/golden/make.py [NAME ...]        # all of them, or those named; into tests/EdgeFL.Learning.Tests/Golden

Everything is computed in double precision from numbers that are exact in float32, so that a difference is the kernels' own.
A model file's layers are built with PyTorch's modules; no formula of a layer is written out here.
"""
import json
import pathlib
import sys

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "EdgeFL.Learning.Tests" / "Golden"
CLASSES = ["a", "b", "c"]


class Rows(nn.Module):
    """A module that wants [B,T,C] or [B,H,W,C], in a net that hands on [B,C,T] or [B,C,H,W]."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.movedim(1, -1)).movedim(-1, 1)


class Gru(nn.Module):
    def __init__(self, inputs, units, sequence):
        super().__init__()
        self.gru = nn.GRU(inputs, units, batch_first=True)
        self.sequence = sequence

    def forward(self, x):
        states, last = self.gru(x.transpose(1, 2))
        return states.transpose(1, 2) if self.sequence else last[0]


class Mean(nn.Module):
    def forward(self, x):
        return x.flatten(2).mean(2)


class Image(nn.Module):
    """Planes whose pixels follow one another, or one frame whose pixels are channels, as [B,C,H,W]."""

    def __init__(self, height, width):
        super().__init__()
        self.size = height, width

    def forward(self, x):
        return x.reshape(len(x), -1, *self.size)


class Features(nn.Module):
    """Mean, deviation, least, largest; of blocks mean step, share of steps that cross the block's mean, ln(1e-6 + mean energy)/4 of each band."""

    def __init__(self, bands, block):
        super().__init__()
        self.bands = bands
        self.block = block

    def forward(self, x):
        blocks = x.unflatten(2, (-1, self.block))
        centred = blocks - blocks.mean(3, keepdim=True)
        crossings = ((centred[..., 1:] < 0) != (centred[..., :-1] < 0)).double().mean((2, 3))
        steps = (blocks[..., 1:] - blocks[..., :-1]).abs().mean((2, 3))
        features = [x.mean(2), x.var(2, unbiased=False).sqrt(), x.amin(2), x.amax(2), steps, crossings]
        power = (torch.fft.rfft(centred, 1 << (self.block - 1).bit_length()).abs().square() / self.block).mean(2)
        last = power.shape[2] - 1
        edges = [1]
        for band in range(1, self.bands + 1):
            edges.append(max(edges[-1] + 1, min(1 + round(last ** (band / self.bands)), last + 1 - (self.bands - band))))
        features += [(1e-6 + power[:, :, a:b].sum(2)).log() / 4 for a, b in zip(edges, edges[1:])]
        return torch.stack(features, 2).flatten(1)


class KMeans(nn.Module):
    """Half the squared distances to the centroids. The shares of the wins are counted, not descended: see model_case."""

    def __init__(self, inputs, clusters):
        super().__init__()
        self.centroids = nn.Parameter(torch.randn(clusters, inputs, dtype=torch.double))
        self.shares = nn.Parameter(torch.ones(clusters, dtype=torch.double))

    def forward(self, x):
        return torch.cdist(x, self.centroids, compute_mode="donot_use_mm_for_euclid_dist").square() / 2


def build(model):
    """The model file's layers as PyTorch modules; shapes are found by running one window through."""
    x = torch.zeros(1, model["channels"], model["length"] - model.get("horizon", 0), dtype=torch.double)
    task = model["task"]
    outputs = len(model["classes"]) if task == "classify" else 1 if task == "regress" else model["channels"] * model.get("horizon", model["length"])
    modules = []
    for layer in model["layers"]:
        channels = x.shape[1]
        kind = layer["type"]
        if kind == "conv1d":
            new = [nn.Conv1d(channels, layer["filters"], layer["kernel"])]
        elif kind == "depthwiseconv1d":
            new = [nn.Conv1d(channels, channels, layer["kernel"], groups=channels)]
        elif kind == "separableconv1d":
            new = [nn.Conv1d(channels, channels, layer["kernel"], groups=channels), nn.Conv1d(channels, layer["filters"], 1)]
        elif kind == "image":
            new = [Image(layer["height"], layer["width"])]
        elif kind == "conv2d":
            new = [nn.Conv2d(channels, layer["filters"], layer["kernel"])]
        elif kind == "maxpool2d":
            new = [nn.MaxPool2d(layer["size"])]
        elif kind == "maxpool1d":
            new = [nn.MaxPool1d(layer["size"])]
        elif kind == "averagepool1d":
            new = [nn.AvgPool1d(layer["size"])]
        elif kind == "globalaverage":
            new = [Mean()]
        elif kind == "flatten":
            new = [nn.Flatten()]
        elif kind == "dense":
            new = [nn.Linear(channels, layer["outputs"] or outputs)]
        elif kind == "layernorm":
            new = [Rows(nn.LayerNorm(channels))]
        elif kind == "groupnorm":
            new = [nn.GroupNorm(layer["groups"], channels)]
        elif kind == "features":
            new = [Features(layer["bands"], layer.get("block", x.shape[2]))]
        elif kind == "kmeans":
            new = [KMeans(channels, layer["clusters"])]
        elif kind == "gru":
            new = [Gru(channels, layer["outputs"], layer.get("sequence", False))]
        else:
            new = [{"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}[kind]()]
        for module in new:
            module.double()
            modules.append(module)
            x = module(x)
    return nn.Sequential(*modules)


def exact(tensor):
    """Rounded to float32, kept in double."""
    return tensor.detach().float().double()


def laid_out(net, of):
    """What there is of each parameter, end to end as EdgeFL keeps it: a dense layer's weights turned."""
    turned = {id(m.weight) for m in net.modules() if isinstance(m, nn.Linear)}
    return torch.cat([(of(p).t() if id(p) in turned else of(p)).flatten() for p in net.parameters()])


def model_case(name, layers, task="classify", loss=None, batch=3, channels=4, length=9, horizon=0, delta=None):
    torch.manual_seed(len(name) + 31 * len(layers))
    model = {"name": name, "task": task, "channels": channels, "length": length, "layers": layers}
    if task == "classify":
        model["classes"] = CLASSES
    if task == "regress":
        model["target"] = {"name": "number"}
    if horizon:
        model["horizon"] = horizon
    if loss:
        model["loss"] = loss
    if delta:
        model["delta"] = delta
    net = build(model)
    with torch.no_grad():
        for parameter in net.parameters():
            # Away from the identity that normalisations start as.
            parameter.copy_(exact(parameter + 0.2 * torch.randn_like(parameter)))
    x = exact(torch.randn(batch, channels, length - horizon, dtype=torch.double))
    y = net(x)
    case = {"model": model, "batch": batch}
    if task == "classify":
        labels = torch.arange(batch) % len(CLASSES)
        value = nn.functional.cross_entropy(y, labels)
        case["labels"] = labels.tolist()
        value.backward()
    elif task == "cluster":
        value, winners = y.min(1)
        value = value.mean()
        shares = list(net.parameters())[-1]
        counted = torch.bincount(winners, minlength=len(shares)) * len(shares) / batch
        (value + (shares - counted).square().mean() / 2).backward()
    else:
        targets = exact(1.5 * torch.randn_like(y))
        value = nn.functional.huber_loss(y, targets, delta=delta or 1.0) if loss == "huber" else nn.functional.mse_loss(y, targets)
        case["targets"] = floats(targets)
        value.backward()
    case["inputs"] = floats(x)
    case["parameters"] = floats(laid_out(net, lambda p: p))
    case["outputs"] = floats(y)
    case["loss"] = floats(value)[0]
    case["gradient"] = floats(laid_out(net, lambda p: p.grad))
    return case


def optimiser_case(name, make, damped=False):
    torch.manual_seed(len(name))
    x = nn.Parameter(exact(torch.randn(7, dtype=torch.double)))
    optimiser = make([x])
    if damped:
        # PyTorch starts the buffer with the whole first gradient; a buffer that is there already is taken as it is.
        optimiser.state[x]["momentum_buffer"] = torch.zeros_like(x)
    case = {"start": floats(x), "gradients": [], "after": []}
    for _ in range(6):
        x.grad = exact(torch.randn(7, dtype=torch.double))
        optimiser.step()
        case["gradients"].append(floats(x.grad))
        case["after"].append(floats(x))
    return case


def floats(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def conv(filters, kernel):
    return {"type": "conv1d", "filters": filters, "kernel": kernel}


def conv2d(filters, kernel):
    return {"type": "conv2d", "filters": filters, "kernel": kernel}


def dense(outputs):
    return {"type": "dense", "outputs": outputs}


def layer(kind, **members):
    return {"type": kind, **members}


# In front of each layer stands one with parameters, so that the gradient that the layer hands on is held against PyTorch's too.
CASES = {
    "conv1d": lambda name: model_case(name, [conv(5, 3), layer("relu"), conv(3, 4), layer("flatten"), dense(3)]),
    "dense-relu": lambda name: model_case(name, [layer("flatten"), dense(7), layer("relu"), dense(3)]),
    "tanh-sigmoid": lambda name: model_case(name, [conv(3, 2), layer("tanh"), layer("sigmoid"), layer("flatten"), dense(3)]),
    "gelu": lambda name: model_case(name, [conv(5, 2), layer("gelu"), layer("globalaverage"), dense(4), layer("gelu"), dense(3)]),
    "maxpool1d": lambda name: model_case(name, [conv(5, 2), layer("maxpool1d", size=3), layer("flatten"), dense(3)]),
    "averagepool1d": lambda name: model_case(name, [conv(5, 2), layer("averagepool1d", size=3), layer("flatten"), dense(3)]),
    "globalaverage": lambda name: model_case(name, [conv(5, 2), layer("globalaverage"), dense(3)]),
    "layernorm": lambda name: model_case(
        name, [conv(5, 3), layer("layernorm"), layer("flatten"), dense(6), layer("layernorm"), layer("tanh"), dense(3)]),
    "groupnorm": lambda name: model_case(
        name, [conv(6, 3), layer("groupnorm", groups=3), layer("flatten"), dense(6), layer("groupnorm", groups=2), layer("tanh"), dense(3)]),
    "conv2d": lambda name: model_case(
        name, [layer("image", height=6, width=7), conv2d(5, 3), layer("relu"), conv2d(4, 2), layer("flatten"), dense(3)], channels=2, length=42),
    "conv2d-gray": lambda name: model_case(
        name, [layer("image", height=9, width=8), conv2d(6, 5), layer("tanh"), conv2d(3, 2), layer("flatten"), dense(3)], channels=72, length=1),
    "maxpool2d": lambda name: model_case(
        name, [layer("image", height=7, width=8), conv2d(5, 2), layer("maxpool2d", size=3), layer("flatten"), dense(3)], channels=3, length=56),
    "image-norms": lambda name: model_case(
        name,
        [layer("image", height=5, width=6), conv2d(6, 2), layer("layernorm"), layer("gelu"), conv2d(4, 2), layer("groupnorm", groups=2), layer("globalaverage"), dense(3)],
        channels=2, length=30),
    "depthwiseconv1d": lambda name: model_case(
        name, [conv(6, 2), layer("depthwiseconv1d", kernel=4), layer("tanh"), layer("flatten"), dense(3)]),
    "separableconv1d": lambda name: model_case(
        name, [conv(5, 2), layer("separableconv1d", filters=6, kernel=3), layer("relu"), layer("globalaverage"), dense(3)]),
    "features": lambda name: model_case(name, [layer("features", bands=3), layer("layernorm"), dense(3)], length=21),
    "features-blocks": lambda name: model_case(name, [layer("features", bands=3, block=8), dense(4), layer("tanh"), dense(3)], length=24),
    "kmeans": lambda name: model_case(name, [layer("flatten"), layer("kmeans", clusters=5)], "cluster", batch=11, length=4),
    "gru-last": lambda name: model_case(name, [conv(5, 2), layer("gru", outputs=6), dense(3)]),
    "gru-sequence": lambda name: model_case(
        name, [layer("gru", outputs=5, sequence=True), layer("gru", outputs=4, sequence=True), layer("globalaverage"), dense(3)]),
    "forecast-mse": lambda name: model_case(
        name, [conv(5, 3), layer("tanh"), layer("flatten"), dense(0)], "forecast", "mse", channels=2, horizon=2),
    "forecast-huber": lambda name: model_case(
        name, [conv(5, 3), layer("tanh"), layer("flatten"), dense(0)], "forecast", "huber", channels=2, horizon=2, delta=0.75),
    "regress-mse": lambda name: model_case(name, [conv(5, 3), layer("tanh"), layer("gru", outputs=4), dense(1)], "regress", batch=5),
    "regress-huber": lambda name: model_case(name, [conv(5, 3), layer("relu"), layer("flatten"), dense(0)], "regress", "huber", batch=5, delta=0.5),
    "optimiser-sgd": lambda name: optimiser_case(name, lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.01)),
    "optimiser-damped": lambda name: optimiser_case(name, lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, dampening=0.9), True),
    "optimiser-adam": lambda name: optimiser_case(name, lambda p: torch.optim.Adam(p, 0.02)),
    "optimiser-adamw": lambda name: optimiser_case(
        name, lambda p: torch.optim.AdamW(p, 0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
}


def main():
    names = sys.argv[1:] or list(CASES)
    unknown = [name for name in names if name not in CASES]
    if unknown:
        sys.exit(f"There is no case {', '.join(unknown)}; there are {', '.join(CASES)}.")
    for name in names:
        text = json.dumps(CASES[name](name), separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json {len(text)} bytes")


if __name__ == "__main__":
    main()
