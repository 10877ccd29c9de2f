"""Writes arrays.npz, arrays-deflated.npz, impulse.npz and objects.npz: arrays of NumPy in all types and orders that are read, channels
in the shapes of Sionna, and an array of objects, which is refused.

    cd test/golden && python3 sionna.py      (NumPy 2.4.6; a second)

impulse.npz   a [2, 1, 2, 1, 2, 3, 4] (complex64), tau [2, 1, 1, 3], and h_freq [2, 1, 2, 1, 2, 4, 6] = sum of a exp(-j 2 pi f tau) at the
              subcarriers f = -3 .. 2 of 30 kHz (complex128, Fortran order)
"""

import os

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(58)


def normal(*shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


whole = np.arange(24).reshape(2, 3, 4)
arrays = {
    "f4": whole.astype(np.float32) / 4,
    "f8": np.asfortranarray(whole / 8),
    "c8": np.asfortranarray((whole - 1j * whole).astype(np.complex64)),
    "c16": whole + 0.5j,
    "point": np.float64(7),
}
np.savez("arrays.npz", **arrays)
np.savez_compressed("arrays-deflated.npz", **arrays)
np.savez("objects.npz", h_freq=np.array([{}, None], dtype=object))

a = normal(2, 1, 2, 1, 2, 3, 4).astype(np.complex64)
tau = rng.uniform(0, 2e-6, (2, 1, 1, 3))
f = np.arange(-3, 3) * 30e3
turn = np.exp(-2j * np.pi * f * tau[..., None])
h = np.einsum("brmtnpl,brtpk->brmtnlk", a, turn)
np.savez_compressed("impulse.npz", a=a, tau=tau, h_freq=np.asfortranarray(h))
