"""Constants and coefficients of the elementary functions, for float32 and float64."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class MathTable:
    """Everything about a float type that its elementary functions need; coefficients are lowest power first.

    Attributes
    ----------
    mantissa_bits, exponent_bias : int
        The format.
    rounder : float
        ``1.5 * 2**mantissa_bits``: adding it rounds to an integer.
    exp_min, exp_max : float
        Arguments whose exponential is 0 and infinite.
    ln2_short, ln2_rest : float
        ``ln 2`` in two parts, the first with so few bits that its multiples are exact (Cephes).
    ln2_high, ln2_low : float
        The same, as FreeBSD's log splits it.
    exp, log, tanh_numerator, tanh_denominator, erf_near, erfcx : tuple of float
        exp: Taylor series, enough terms for ``|r| <= ln(2) / 2``. log: FreeBSD. tanh: Cephes.
        erf: interpolated at Chebyshev points with 70 decimal digits.
    """

    mantissa_bits: int
    exponent_bias: int
    min_normal: float
    sqrt_half_bits: int
    exp_min: float
    exp_max: float
    erf_max: float
    ln2_short: float
    ln2_rest: float
    ln2_high: float
    ln2_low: float
    exp: tuple[float, ...]
    log: tuple[float, ...]
    tanh_numerator: tuple[float, ...]
    tanh_denominator: tuple[float, ...]
    erf_near: tuple[float, ...]
    erfcx: tuple[float, ...]

    @property
    def rounder(self) -> float:
        return 1.5 * 2.0**self.mantissa_bits

    @property
    def log2_e(self) -> float:
        return 1.4426950408889634


def _reciprocal_factorials(count: int) -> tuple[float, ...]:
    values = [1.0]
    for n in range(1, count):
        values.append(values[-1] / n)
    return tuple(values)


SINGLE = MathTable(
    mantissa_bits=23,
    exponent_bias=127,
    min_normal=2.0**-126,
    sqrt_half_bits=0x3F3504F3,
    exp_min=-104.0,
    exp_max=89.0,
    erf_max=4.0,
    ln2_short=0.693359375,
    ln2_rest=-2.12194440e-4,
    ln2_high=6.9313812256e-01,
    ln2_low=9.0580006145e-06,
    exp=_reciprocal_factorials(8),
    log=(0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841),
    tanh_numerator=(-3.33332819422e-1, 1.33314422036e-1, -5.37397155531e-2, 2.06390887954e-2, -5.70498872745e-3),
    tanh_denominator=(),
    erf_near=(
        1.1283791658483509,
        -0.37612626666720334,
        0.11283594715160218,
        -0.026854212010626412,
        0.005189087423433974,
        -0.000801686428716587,
        7.875875062685488e-05,
    ),
    erfcx=(
        0.25539564033045964,
        -0.4271858882870654,
        0.24166402506158718,
        -0.07897195229375492,
        0.003592670700682327,
        0.006837366787588274,
    ),
)

DOUBLE = MathTable(
    mantissa_bits=52,
    exponent_bias=1023,
    min_normal=2.0**-1022,
    sqrt_half_bits=struct.unpack("<q", struct.pack("<d", 0.5**0.5))[0],
    exp_min=-746.0,
    exp_max=710.0,
    erf_max=6.0,
    ln2_short=6.93145751953125e-1,
    ln2_rest=1.42860682030941723212e-6,
    ln2_high=6.93147180369123816490e-01,
    ln2_low=1.90821492927058770002e-10,
    exp=_reciprocal_factorials(14),
    log=(
        6.666666666666735130e-01,
        3.999999999940941908e-01,
        2.857142874366239149e-01,
        2.222219843214978396e-01,
        1.818357216161805012e-01,
        1.531383769920937332e-01,
        1.479819860511658591e-01,
    ),
    tanh_numerator=(-1.61468768441708447952e3, -9.92877231001918586564e1, -9.64399179425052238628e-1),
    tanh_denominator=(4.84406305325125486048e3, 2.23548839060100448583e3, 1.12811678491632931402e2, 1.0),
    erf_near=(
        1.1283791670955126,
        -0.37612638903183543,
        0.11283791670945006,
        -0.02686617064323777,
        0.0052239776071164225,
        -0.0008548325975389692,
        0.00012055294904839707,
        -1.492473690741966e-05,
        1.6447424703317362e-06,
        -1.6208483801871705e-07,
        1.3720064546777686e-08,
        -7.795898827002142e-10,
    ),
    erfcx=(
        0.25539567631050575,
        -0.4271858474139585,
        0.24165819424246585,
        -0.07897858101570611,
        0.0037328924043978336,
        0.006997461736971578,
        -0.00084714325299195,
        -0.0009819769411038642,
        4.355558686575482e-05,
        0.00017435947400205157,
        2.7527175557227246e-05,
        -2.7562209161129353e-05,
        -1.3998283772784976e-05,
        1.3058577122278017e-06,
        4.011749647325067e-06,
        1.272567661840228e-06,
        -1.1352571477273627e-06,
    ),
)
