"""The dense products of bench/gemm.ts in PyTorch, into an array that exists.

    python3 dense_product.py --folder FOLDER --threads 1 --repeats 9

Prints one JSON object: of each product wall and CPU milliseconds of each repeat, sizes, and parts of its result.
"""

import argparse
import json
import pathlib

import torch
from support import Case, about_process, measure

# So many operations last about 20 ms.
OPERATIONS = 1e9


def run(case, product, repeats):
    a, b = (case.tensor(product[name]) for name in ("a", "b"))
    a, b = a.T if product["transposeA"] else a, b.T if product["transposeB"] else b
    (m, k), n = a.shape, b.shape[1]
    out = torch.empty(m, n)
    calls = max(1, round(OPERATIONS / (2 * m * n * k)))

    def multiply():
        for _ in range(calls):
            torch.mm(a, b, out=out)

    samples = {clock: [time / calls for time in times] for clock, times in measure(multiply, repeats).items()}
    squares = out.double().square().sum().item()
    return {"samples": samples, "work": {"m": m, "n": n, "k": k, "squares": squares, "first row": out[0].tolist()}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    case = Case(options.folder)
    products = [run(case, product, options.repeats) for product in case.document["products"]]
    print(json.dumps({"products": products, **about_process()}))


if __name__ == "__main__":
    main()
