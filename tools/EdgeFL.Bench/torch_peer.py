"""PyTorch's side of build/bench: answers requests on stdin with lists of nanoseconds on stdout.

A request is a line of words, a kind, its sizes, and last the repetitions wanted:
    step mlp|cnn|lenet BATCH N    SGD with momentum .9 on a fresh batch each time
    infer cnn BATCH N             the model alone, in inference mode
    gemm M N K N'                 C[M,N] = A[M,K] B[K,N], CALLS calls to a reading
    conv forward|weight|input BATCH INPUTS OUTPUTS KERNEL LENGTH N
One true thread, so that one core is held against one core.
"""
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import torch  # noqa: E402
import torch.nn as nn  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(1)
POOL = 1024
CALLS = 16


def activity_cnn(channels):
    return nn.Sequential(
        nn.Conv1d(channels, 16, 5), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(16, 32, 5), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 6))


def model(name):
    if name == "mlp":
        return nn.Sequential(nn.Linear(561, 64), nn.ReLU(), nn.Linear(64, 6)), (561,), 6
    if name == "cnn9":
        return activity_cnn(9), (9, 128), 6
    if name == "cnn6":
        return activity_cnn(6), (6, 128), 6
    if name == "lenet":
        return nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)), (1, 28, 28), 10
    raise ValueError(name)


def stepper(name, batch):
    net, shape, classes = model(name)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()
    x = torch.randn(POOL, *shape)
    y = torch.randint(classes, (POOL,))
    at = 0

    def run():
        nonlocal at
        bx, by = x[at:at + batch], y[at:at + batch]
        at = (at + batch) % POOL
        optimiser.zero_grad(set_to_none=True)
        loss_of(net(bx), by).backward()
        optimiser.step()

    return run


def inferer(name, batch):
    net, shape, _ = model(name)
    net.eval()
    x = torch.randn(POOL, *shape)
    at = 0

    def run():
        nonlocal at
        with torch.inference_mode():
            net(x[at:at + batch])
        at = (at + batch) % POOL

    return run


def multiplier(rows, columns, depth):
    a, b, c = torch.randn(rows, depth), torch.randn(depth, columns), torch.empty(rows, columns)

    def run():
        for _ in range(CALLS):
            torch.mm(a, b, out=c)

    return run


def convolver(kind, batch, inputs, outputs, kernel, length):
    x, w, b = torch.randn(batch, inputs, length), torch.randn(outputs, inputs, kernel), torch.randn(outputs)
    dy = torch.randn(batch, outputs, length - kernel + 1)
    mask = [kind == "input", kind == "weight", kind == "weight"]

    def forward():
        with torch.inference_mode():
            nn.functional.conv1d(x, w, b)

    def backward():
        torch.ops.aten.convolution_backward(dy, x, w, [outputs], [1], [0], [1], False, [0], 1, mask)

    return forward if kind == "forward" else backward


def make(kind, words):
    if kind == "step":
        return stepper(words[0], int(words[1]))
    if kind == "infer":
        return inferer(words[0], int(words[1]))
    if kind == "gemm":
        return multiplier(*map(int, words))
    if kind == "conv":
        return convolver(words[0], *map(int, words[1:]))
    raise ValueError(kind)


def main():
    made = {}
    print("torch", torch.__version__, flush=True)
    for line in sys.stdin:
        *key, count = line.split()
        key = tuple(key)
        if key not in made:
            made[key] = make(key[0], key[1:])
        run, took = made[key], []
        for _ in range(int(count)):
            start = time.perf_counter_ns()
            run()
            took.append(time.perf_counter_ns() - start)
        print(*took, flush=True)


main()
