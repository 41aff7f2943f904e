#!/usr/bin/env python3
"""Derives the tables of src/numeric/elementary-constants.ts and prints them as TypeScript.

Polynomials are minimax fits by the Remez exchange on a dense grid in 60-digit arithmetic (Remez 1934; Muller,
"Elementary Functions", 3rd ed., ch. 3). Coefficients are rounded to the precision one at a time from the lowest
degree up, and what is left is fitted again after each, so that the later ones absorb the error of the earlier;
these later fits are least squares, because without its lowest power the basis vanishes at 0 and Remez's alternation
theorem does not hold.
The split constants (ln 2, pi) follow Cody & Waite (1980): the leading parts lie on a grid coarse enough for
their product with the multiple k to be exact.

Needs mpmath:  pip install mpmath && python3 bench/minimax.py
"""

import struct

from mpmath import mp, mpf, atanh, expm1, floor, log, lu_solve, matrix, nint, pi, sin, sqrt

mp.dps = 60

PRECISIONS = {"float32": 24, "float64": 53}


def rounded(value, bits):
    """Nearest number with `bits` significant bits, as an mpf (no coefficient here is near the subnormals)."""
    if value == 0:
        return mpf(0)
    exponent = int(floor(log(abs(value), 2)))
    unit = mpf(2) ** (exponent - bits + 1)
    return nint(value / unit) * unit


def on_grid(value, exponent):
    """Nearest multiple of 2^exponent."""
    return nint(mpf(value) * mpf(2) ** -exponent) * mpf(2) ** exponent


def remez(target, weight, points, powers):
    """Coefficients c of sum c_j x^powers[j] that minimise max |weight * (target - sum)|, and that maximum."""
    count = len(powers)
    basis = [[x**p for p in powers] for x in points]
    chosen = [int(round(i * (len(points) - 1) / count)) for i in range(count + 1)]
    for _ in range(60):
        system, right = matrix(count + 1), matrix(count + 1, 1)
        for row, index in enumerate(chosen):
            for column in range(count):
                system[row, column] = basis[index][column]
            system[row, count] = (-1) ** row / weight[index]
            right[row] = target[index]
        solution = lu_solve(system, right)
        error = [
            weight[i] * (target[i] - sum(solution[j] * basis[i][j] for j in range(count)))
            for i in range(len(points))
        ]
        extrema = alternating_extrema(error, count + 1)
        worst = max(abs(e) for e in error)
        if extrema == chosen or worst <= abs(solution[count]) * (1 + mpf(10) ** -6):
            break
        if len(extrema) < count + 1:
            raise ArithmeticError(f"only {len(extrema)} alternations, expected {count + 1}")
        chosen = extrema
    return [solution[j] for j in range(count)], worst


def least_squares(target, weight, points, powers):
    """Coefficients that minimise the sum of (weight * (target - sum))^2 over the Chebyshev points."""
    rows = matrix([[w * x**p for p in powers] for w, x in zip(weight, points)])
    right = matrix([w * t for w, t in zip(weight, target)])
    normal = rows.T * rows
    solution = lu_solve(normal, rows.T * right)
    return [solution[j] for j in range(len(powers))]


def alternating_extrema(error, count):
    """Indices of the largest `count` consecutive alternating extrema: one per run of equal sign, ends dropped."""
    runs = []
    for index, value in enumerate(error):
        if runs and (error[runs[-1]] > 0) == (value > 0):
            if abs(value) > abs(error[runs[-1]]):
                runs[-1] = index
        else:
            runs.append(index)
    while len(runs) > count:
        del runs[0 if abs(error[runs[0]]) < abs(error[runs[-1]]) else -1]
    return runs


def fit(name, function, weight, low, high, degree, bits):
    """Coefficients (lowest degree first) of a polynomial whose every coefficient is rounded to `bits`."""
    steps = 600
    middle, half = (mpf(low) + mpf(high)) / 2, (mpf(high) - mpf(low)) / 2
    points = [middle - half * mp.cos(pi * (i + mpf(1) / 2) / steps) for i in range(steps)]
    weights = [weight(x) for x in points]
    residual = [function(x) for x in points]
    done = []
    for first in range(degree + 1):
        powers = list(range(first, degree + 1))
        if first == 0:
            found, unrounded = remez(residual, weights, points, powers)
        else:
            found = least_squares(residual, weights, points, powers)
        done.append(rounded(found[0], bits))
        residual = [r - done[-1] * x**first for r, x in zip(residual, points)]
    final = max(abs(w * r) for w, r in zip(weights, residual))
    print(f"// {name}: weighted error 2^{float(log(unrounded, 2)):.2f}, after rounding 2^{float(log(final, 2)):.2f}")
    return done


def exponential(bits, degree):
    """q in expm1(r) = r + r^2 q(r), |r| <= ln(2)/2 and a little more; weight: error relative to expm1."""
    edge = log(2) / 2 * (1 + mpf(2) ** -12)
    return fit(
        f"exp, {bits} bits, degree {degree}",
        lambda r: (expm1(r) - r) / r**2,
        lambda r: r**2 / abs(expm1(r)),
        -edge, edge, degree, bits,
    )


def sine(bits, degree):
    """q in sin(r) = r + r^3 q(r^2), |r| <= pi/2 + 2^-10 (k is rounded from an inexact quotient); weight: relative."""
    edge = pi / 2 + mpf(2) ** -10
    return fit(
        f"sin, {bits} bits, degree {degree} in r^2",
        lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z,
        lambda z: z * sqrt(z) / sin(sqrt(z)),
        0, edge**2, degree, bits,
    )


def logarithm(bits, degree):
    """q in log(1+f) = 2s + s*z*q(z), s = f/(2+f), z = s^2, 1+f in [1/sqrt 2, sqrt 2]; weight: relative to 2s."""
    edge = (3 - 2 * sqrt(mpf(2))) * (1 + mpf(2) ** -20)
    return fit(
        f"log, {bits} bits, degree {degree} in s^2",
        lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z,
        lambda z: z / 2,
        0, edge**2, degree, bits,
    )


def split(value, grids, bits):
    """Parts of a constant: one on each grid 2^g, the last rounded to `bits`."""
    parts, rest = [], +value
    for grid in grids:
        parts.append(on_grid(rest, grid))
        rest -= parts[-1]
    parts.append(rounded(rest, bits))
    return parts


def show(label, values, bits):
    """Prints one line of the table; a list only where there are several values."""
    numbers = [float(value) for value in values]
    assert all(mpf(number) == value for number, value in zip(numbers, values))
    if bits == 24:
        assert all(struct.unpack("<f", struct.pack("<f", number))[0] == number for number in numbers)
    text = ", ".join(map(repr, numbers))
    print(f"{label}: [{text}]," if len(numbers) > 1 else f"{label}: {text},")


def main():
    for precision, bits in PRECISIONS.items():
        single = precision == "float32"
        print(f"// {precision}")
        show("ln2Inverse", [rounded(1 / log(2), bits)], bits)
        # |k| <= 150 (8 bits) and 1076 (11 bits): leading parts of 16 and 32 bits leave k * ln2High exact.
        ln2_high, ln2_low = split(log(2), [-16 if single else -32], bits)
        show("ln2High", [ln2_high], bits)
        show("ln2Low", [ln2_low], bits)
        # One degree less costs tanh a sixth of an ulp, which takes it over its bound of 2.5 ulp.
        show("expm1Polynomial", exponential(bits, 5 if single else 10), bits)
        show("piInverse", [rounded(1 / pi, bits)], bits)
        # The multiples of pi are half-integers h up to 2608.5: 13 bits, and piHigh has so few that h * piHigh is exact.
        # h * piMiddle is exact because it is below 4 on a grid of 2^-22 (float32), below 1 on one of 2^-52 (float64).
        for label, part in zip(["piHigh", "piMiddle", "piLow"], split(pi, [-6, -21] if single else [-37, -51], bits)):
            show(label, [part], bits)
        show("sinePolynomial", sine(bits, 3 if single else 7), bits)
    print("// log, float64 only")
    show("logPolynomial", logarithm(53, 6), 53)


if __name__ == "__main__":
    main()
