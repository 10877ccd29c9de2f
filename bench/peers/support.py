"""Shared by both peers: reading a case from our side, random words, compilation, and timing as in `bench/harness.ts`."""

import json
import resource
import time

import numpy
import torch
from torch._inductor import config
from torch._inductor.cpu_vec_isa import pick_vec_isa

# Where ATEN_CPU_CAPABILITY=avx2 limits PyTorch's own kernels, it also limits what it compiles.
if torch.backends.cpu.get_cpu_capability() == "AVX2":
    config.cpp.simdlen = 256

_words = numpy.random.SFC64(1)


def random_words(dtype, *shape):
    """Uniform words of an integer type: 64 bits give eight bytes, where torch draws each from 32 bits of its own."""
    size = torch.Size(shape).numel()
    raw = _words.random_raw(-(-size * dtype.itemsize // 8))
    return torch.from_numpy(raw).view(dtype)[:size].view(shape)


def vector_code():
    """The instruction set that torch.compile uses; empty if it generates scalar code, which is slower than no compilation."""
    return str(pick_vec_isa() or "")


def compiled(function):
    return torch.compile(function, dynamic=False) if vector_code() else function


class Case:
    """`case.json` describes the layout of `case.bin`: consecutive float32 arrays."""

    def __init__(self, folder):
        self.document = json.loads((folder / "case.json").read_text())
        self._data = torch.from_numpy(numpy.fromfile(folder / "case.bin", dtype=numpy.float32))

    def tensor(self, place):
        size = torch.Size(place["shape"]).numel()
        return self._data[place["at"] : place["at"] + size].view(place["shape"])


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


def about_process():
    """What every result reports about its process; the matrix product is 4096 x 512 times 512 x 128."""
    a, b = torch.randn(4096, 512), torch.randn(512, 128)
    seconds = min(measure(lambda: a @ b, 5)["cpu"]) / 1e3
    return {
        "torch": torch.__version__,
        "vectorCode": vector_code(),
        "residentMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "matrixProductGflops": 2 * 4096 * 512 * 128 / (1e9 * seconds),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(about_process()))
