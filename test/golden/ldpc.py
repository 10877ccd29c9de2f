# Hashes of generator matrices of 5G LDPC codes, from the tests of Sionna (https://github.com/NVlabs/sionna, commit 20d2bca, Apache-2.0,
# test/codes/ldpc/kK_nN_G.npy: rows and columns of all ones, from 1).
#
#   python3 test/golden/ldpc.py FOLDER > test/golden/ldpc.json
#
# "rows" is the SHA-256 of all rows, each packed into bytes; "sums" that of eight sums of rows modulo 2: all rows, every second, every third...
import glob
import hashlib
import json
import re
import sys

import numpy as np

MOST_ROWS = 800

lines = []
for path in sorted(glob.glob(f"{sys.argv[1]}/k*_n*_G.npy")):
    k, n = map(int, re.findall(r"\d+", path.rsplit("/", 1)[1]))
    rows, columns = np.load(path).astype(np.int64) - 1
    matrix = np.zeros((k, n), np.uint8)
    matrix[rows, columns] = 1
    digest = lambda parts: hashlib.sha256(b"".join(np.packbits(part).tobytes() for part in parts)).hexdigest()
    entry = {"name": f"k{k}_n{n}", "informationBits": k, "codedBits": n}
    if k <= MOST_ROWS:
        entry["rows"] = digest(matrix)
    entry["sums"] = digest([np.bitwise_xor.reduce(matrix[:: s + 1]) for s in range(8)])
    lines.append(json.dumps(entry))
print("[\n  " + ",\n  ".join(lines) + "\n]")
