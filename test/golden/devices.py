"""Writes devices.json: reference values for the device models, computed independently of this project's code.

Formulas and constants are those of the publications as IBM's aihwkit ships them at commit 4545f11 (see the headers of
src/device/*.ts); arithmetic is NumPy's, in double precision; random numbers are NumPy's PCG64.

    python3 test/golden/devices.py > test/golden/devices.json      (NumPy 2.4.6; some seconds)
"""

import json
import math

import numpy as np

DAY = 86400
TIMES = [0, 1, 60, 3600, DAY, 30 * DAY, 360 * DAY, 365 * DAY]
XS = [0, 1e-8, 0.001, 0.008, 0.0082, 0.01, 0.05, 0.0944, 0.0946, 0.1, 0.159, 0.1592, 0.1601, 0.25, 0.3, 0.3038, 0.3056, 0.5, 0.75, 1]


def clip(v, low, high):
    return np.minimum(np.maximum(v, low), high)


def log(x):
    return np.log(np.maximum(np.asarray(x, float), 1e-7))


def poly(c, x):
    return sum(ci * np.asarray(x, float) ** i for i, ci in enumerate(c))


def branch(limit, low, high, x):
    return np.where(np.asarray(x) < limit, low(x), high(x))


def nandakumar(g_max):
    return dict(
        g_max=g_max, t0=20.0, t_read=250e-9,
        sigma=lambda x: poly([0.26348, 1.9650, -1.1731], x) * g_max / 25,
        mu=lambda x: clip(-0.0155 * log(x) + 0.0244, 0.049, 0.1),
        sd=lambda x: clip(-0.0125 * log(x) - 0.0059, 0.008, 0.045),
        q=lambda x: np.minimum(0.0088 / np.maximum(np.asarray(x, float) ** 0.65, 1e-3), 0.2),
    )


def hermes(devices, g_max):
    one = devices == 1
    mu = lambda x: branch(0.0945, lambda x: clip(-0.0387 * log(x) - 0.0182, 0.072, 0.13), lambda x: poly([0.0736, -0.0126, -0.0436], x), x)
    if one:
        sigma = [0.15781817, 2.32443916, -2.16310839, 0.68841818]
        sd = lambda x: branch(0.3039, lambda x: clip(-0.0120 * log(x) - 0.0023, 0.0124, 0.04), lambda x: poly([0.0104, 0.0116, -0.0165], x), x)
        q = lambda x: branch(0.1591, lambda x: clip(-0.0078 * log(x) + 0.0038, 0.0179, 0.04), lambda x: poly([0.0088, 0.0768, -0.1352, 0.0664], x), x)
    else:
        sigma = [0.16603222, 4.71806468, -8.48101252, 4.68961419]
        sd = lambda x: branch(0.3055, lambda x: clip(-0.0117 * log(x) - 0.0057, 0.0091, 0.04), lambda x: poly([0.0073, 0.0093, -0.0118], x), x)
        q = lambda x: branch(0.16, lambda x: clip(-0.0117 * log(x) - 0.0069, 0.015, 0.04), lambda x: poly([0.0123, 0.0211, -0.0280, 0.0069], x), x)
    reference = 10.35 if one else 20.7
    return dict(g_max=g_max, t0=200.0 if one else 300.0, t_read=512e-9,
                sigma=lambda x: poly(sigma, x) * g_max / reference, mu=mu, sd=sd, q=q)


def state_independent(g_max):
    flat = lambda v: lambda x: np.full_like(np.asarray(x, float), v)
    return dict(g_max=g_max, t0=20.0, t_read=250e-9, sigma=flat(0.2), mu=flat(0.1), sd=flat(0.05), q=flat(1 / g_max))


TABLE = dict(conductances=[0, 2, 5, 25], means=[0.12, 0.06, 0.03, 0.01], deviations=[0.04, 0.03, 0.01, 0.005])


def custom(g_max):
    return dict(nandakumar(g_max),
                mu=lambda x: np.interp(np.asarray(x) * g_max, TABLE["conductances"], TABLE["means"]),
                sd=lambda x: np.interp(np.asarray(x) * g_max, TABLE["conductances"], TABLE["deviations"]))


def integral(model, t):
    return math.sqrt(math.log((t + model["t0"] + model["t_read"]) / (2 * model["t_read"])))


def program(model, target, normals):
    return np.maximum(0, target + model["sigma"](target / model["g_max"]) * normals)


def exponents(model, target, normals):
    x = target / model["g_max"]
    return np.abs(model["mu"](x) + model["sd"](x) * normals)


def read(model, g, nu, t, normals):
    drifted = g * ((t + model["t0"]) / model["t0"]) ** -nu if t > 0 else g
    noise = model["q"](g / model["g_max"]) * integral(model, t)
    return np.maximum(0, drifted + drifted * noise * normals)


def convert(model, weights):
    """A pair of conductances, and microsiemens per weight."""
    scale = model["g_max"] / max(np.abs(weights).max(), 1e-7)
    return np.clip(weights * scale, 0, model["g_max"]), np.clip(-weights * scale, 0, model["g_max"]), scale


def one_hot(weights, axis=None):
    return np.maximum(np.abs(weights).mean(axis=axis), 1e-4)


def maps():
    models = {
        "pcm 25": nandakumar(25.0), "pcm 40": nandakumar(40.0),
        "hermes 2": hermes(2, 20.7), "hermes 1": hermes(1, 10.35), "hermes 2 at 15": hermes(2, 15.0),
        "state-independent": state_independent(25.0), "custom-drift": custom(25.0),
    }
    return {name: dict(
        sigma=m["sigma"](XS).tolist(), mu=m["mu"](XS).tolist(), sd=m["sd"](XS).tolist(), q=m["q"](XS).tolist(),
        integrals=[integral(m, t) for t in TIMES],
        drift=[[((t + m["t0"]) / m["t0"]) ** -nu for t in TIMES] for nu in (0.049, 0.1)],
    ) for name, m in models.items()}


def reram():
    fits = {1: [0.348, 16.030, -43.853, 45.393, -16.815], DAY: [0.701, 22.086, -50.773, 47.095, -16.458], 2 * DAY: [0.782, 20.274, -43.507, 37.062, -11.934]}
    xs = [0, 0.1, 0.25, 0.5, 0.75, 1]
    middle = 0.5 * (poly(fits[1], xs) + poly(fits[DAY], xs))
    rows = [dict(time=t, sigma=poly(c, xs).tolist()) for t, c in fits.items()]
    return dict(x=xs, fits=[*rows, dict(time=math.sqrt(DAY), sigma=middle.tolist())])


def replay():
    """One crossbar through aihwkit's flow with given normal numbers, and the same through the physical one."""
    random = np.random.Generator(np.random.PCG64(7))
    model = nandakumar(25.0)
    weights = np.round(random.normal(size=(6, 4)) * 0.4, 3)
    weights[0] = [0.0, 0.004, -0.004, 0.001]  # small: the programming error turns some signs
    normals = {name: np.round(random.normal(size=(2, 6, 4)), 4) for name in ["program", "exponent", "read"]}
    plus, minus, scale = convert(model, weights)
    g = [program(model, target, n) for target, n in zip((plus, minus), normals["program"])]
    nu = [exponents(model, target, n) for target, n in zip((plus, minus), normals["exponent"])]
    programmed = (g[0] - g[1]) / scale
    new = convert(model, programmed)
    result = dict(weights=weights.ravel().tolist(), rows=6, columns=4, programmed=programmed.ravel().tolist(), newScale=new[2],
                  normals={name: n.reshape(2, -1).tolist() for name, n in normals.items()}, reads=[])
    for t in [0, 1, 3600, 365 * DAY]:
        read_new = [read(model, gi, ni, t, n) for gi, ni, n in zip(new[:2], nu, normals["read"])]
        drifted = (read_new[0] - read_new[1]) / new[2]
        physical = [read(model, gi, ni, t, n) for gi, ni, n in zip(g, nu, normals["read"])]
        result["reads"].append(dict(
            time=t, aihwkit=drifted.ravel().tolist(), physical=((physical[0] - physical[1]) / scale).ravel().tolist(),
            factor=one_hot(programmed) / one_hot(drifted),
            columnFactors=(one_hot(programmed, 0) / one_hot(drifted, 0)).tolist()))
    result["turned"] = int(((programmed * weights) < 0).sum())
    return result


def statistics(chips=1000, size=64):
    """A 64 x 64 matrix programmed many times: error relative to the largest weight, and compensation factors."""
    random = np.random.Generator(np.random.PCG64(11))
    model = nandakumar(25.0)
    weights = ((np.arange(size * size) * 7919 + 104729) % 2001 - 1000).reshape(size, size) / 1000
    times = [0, 3600, 365 * DAY]
    samples = {mode: {t: [] for t in times} for mode in ("aihwkit", "physical")}
    plus, minus, scale = convert(model, weights)
    for _ in range(chips):
        draw = lambda: random.normal(size=(size, size))
        g = [program(model, target, draw()) for target in (plus, minus)]
        nu = [exponents(model, target, draw()) for target in (plus, minus)]
        programmed = (g[0] - g[1]) / scale
        new = convert(model, programmed)
        baseline = [read(model, gi, ni, 0, draw()) for gi, ni in zip(g, nu)]
        for t in times:
            a = [read(model, gi, ni, t, draw()) for gi, ni in zip(new[:2], nu)]
            p = [read(model, gi, ni, t, draw()) for gi, ni in zip(g, nu)]
            wa, wp = (a[0] - a[1]) / new[2], (p[0] - p[1]) / scale
            for mode, w, factor in (("aihwkit", wa, one_hot(programmed) / one_hot(wa)),
                                    ("physical", wp, (baseline[0] + baseline[1]).sum() / (p[0] + p[1]).sum())):
                error = lambda w: math.sqrt(((w - weights) ** 2).mean()) / np.abs(weights).max()
                samples[mode][t].append([error(w), error(w * factor), factor])
    names = ["error", "compensatedError", "factor"]
    return dict(chips=chips, size=size, times=times, modes={mode: [
        {name: dict(mean=column.mean(), deviation=column.std(ddof=1)) for name, column in zip(names, np.array(samples[mode][t]).T)}
        for t in times] for mode in samples})


def compact(value):
    """Short numbers: ten significant digits, far below every tolerance."""
    if isinstance(value, dict):
        return {key: compact(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [compact(entry) for entry in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


print(json.dumps(compact(dict(x=XS, times=TIMES, table=TABLE, maps=maps(), reram=reram(), replay=replay(), statistics=statistics()))))
