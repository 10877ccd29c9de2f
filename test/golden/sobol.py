"""Writes sobol.json: the first points of the Sobol sequence, unscrambled, from SciPy.

SciPy 1.17.1 on Python 3; `python3 test/golden/sobol.py` from the root of the repository.
"""

import json
import pathlib

from scipy.stats import qmc

DIMENSIONS = 21
POINTS = 64

points = qmc.Sobol(DIMENSIONS, scramble=False).random(POINTS)
path = pathlib.Path(__file__).with_suffix(".json")
rows = ",\n    ".join(json.dumps(list(point)) for point in points.tolist())
path.write_text(f'{{\n  "dimensions": {DIMENSIONS},\n  "points": [\n    {rows}\n  ]\n}}\n')
