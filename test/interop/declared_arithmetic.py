"""An independent implementation of docs/ARITHMETIC.md, run by CI against the product.

It was written from that page alone, in another language than the product's and without its source. It needs nothing but
Python's standard library and IEEE 754 doubles.

    gyre show RUN --json > networks.ndjson
    python declared_arithmetic.py networks.ndjson [--every N]

trains every Nth network again and compares key, loss_first, loss_last and digest with what the product printed. It
prints the first difference, or `N networks reproduced bit for bit`; the exit code is 1 on any difference. What the page
does not declare (several inputs or outputs) is refused rather than skipped.
"""

import argparse
import hashlib
import json
import math
import struct
import sys
import time
from ctypes import c_float
from decimal import Decimal

ARITHMETIC = "gyre-1"
BLOCK = 1000  # epochs of loss hashed together
WEIGHTS, TEACHER, ORDER = 0, 1, 2  # streams of random numbers


def float32(x):
    """x rounded to nearest, ties to even. +, -, *, / and sqrt of float32 numbers may be computed in double and rounded
    once more: the result is the correctly rounded one, because 53 >= 2 * 24 + 2."""
    return c_float(x).value


def divide(a, b):
    """a / b by IEEE 754, where Python raises an exception."""
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def root(x):
    return math.nan if x < 0 else math.sqrt(x)


class Format:
    """The elementary functions; its subclasses have the constants. R is the rounding of one operation everywhere."""

    def bytes(self, numbers):
        """Little-endian, every NaN replaced by the canonical one."""
        return b"".join(self.nan if x != x else struct.pack("<" + self.letter, x) for x in numbers)

    def nearest(self, x):
        return self.round(self.round(x + self.integer_shift) - self.integer_shift)

    def polynomial(self, coefficients, x):
        R, sum = self.round, coefficients[-1]
        for coefficient in coefficients[-2::-1]:
            sum = R(R(sum * x) + coefficient)
        return sum

    def exp(self, x):
        if x != x:
            return math.nan
        R = self.round
        y = min(max(x, self.exp_lowest), self.exp_highest)
        k = self.nearest(R(y * self.ln2_inverse))
        leading = R(y - R(k * self.ln2_high))
        trailing = R(k * self.ln2_low)
        r = R(leading - trailing)
        tail = R(R(r * r) * self.polynomial(self.expm1_polynomial, r))
        p = R(1 + R(leading + R(tail - trailing)))
        half = math.floor(k / 2)
        return R(R(p * 2.0 ** half) * 2.0 ** (k - half))

    def tanh(self, x):
        if x != x:
            return math.nan
        R = self.round
        y = min(R(abs(x) + abs(x)), self.tanh_highest)
        k = self.nearest(R(y * self.ln2_inverse))
        leading = R(y - R(k * self.ln2_high))
        trailing = R(k * self.ln2_low)
        r = R(leading - trailing)
        tail = R(R(r * r) * self.polynomial(self.expm1_polynomial, r))
        p = R(leading + R(tail - trailing))
        power = 2.0 ** k
        e = R(R(power * p) + R(power - 1))
        return math.copysign(R(e / R(e + 2)), x)

    def sigmoid(self, x):
        R = self.round
        z = self.exp(-abs(x))
        return R(1 / R(1 + z)) if x >= 0 else R(z / R(1 + z))

    def sin(self, x):
        if not abs(x) <= self.sine_highest:
            return math.nan
        k = self.nearest(self.round(abs(x) * self.pi_inverse))
        s = self.reduced(abs(x), k)
        return -s if (k % 2 == 1) != (math.copysign(1.0, x) < 0) else s

    def cos(self, x):
        if not abs(x) <= self.sine_highest:
            return math.nan
        R = self.round
        k = self.nearest(R(R(abs(x) * self.pi_inverse) - 0.5))
        s = self.reduced(abs(x), R(k + 0.5))
        return s if k % 2 else -s

    def reduced(self, x, h):
        R = self.round
        r = R(R(R(x - R(h * self.pi_high)) - R(h * self.pi_middle)) - R(h * self.pi_low))
        q = R(r * r)
        return R(r + R(r * R(q * self.polynomial(self.sine_polynomial, q))))


class Float32(Format):
    round = staticmethod(float32)
    letter, nan = "f", bytes.fromhex("0000c07f")
    gradient_limit, moment_limit = 2.0 ** -50, 2.0 ** -100
    integer_shift = 12582912.0
    ln2_inverse, ln2_high, ln2_low = 1.4426950216293335, 0.693145751953125, 0.000001428606765330187
    expm1_polynomial = (0.5, 0.1666666567325592, 0.04166647791862488, 0.008333567529916763, 0.0013933692825958133,
                        0.00019742455333471298)
    exp_lowest, exp_highest, tanh_highest, sine_highest = -104.0, 89.0, 20.0, 8192.0
    pi_inverse = 0.31830987334251404
    pi_high, pi_middle, pi_low = 3.140625, 0.0009675025939941406, 1.5099580252808664e-7
    sine_polynomial = (-0.16666659712791443, 0.008333069272339344, -0.00019809772493317723, 0.0000026060747586598154)


class Float64(Format):
    round = float  # Python's own numbers: every operation already is rounded to double
    letter, nan = "d", bytes.fromhex("000000000000f87f")
    gradient_limit, moment_limit = 2.0 ** -500, 2.0 ** -1000
    integer_shift = 6755399441055744.0
    ln2_inverse, ln2_high, ln2_low = 1.4426950408889634, 0.6931471806019545, -4.2009150726810846e-11
    expm1_polynomial = (0.5, 0.16666666666666677, 0.0416666666666666, 0.008333333333321464, 0.0013888888888928333,
                        0.0001984126988647813, 0.000024801587227566495, 0.0000027557243901976876, 2.755736192406163e-7,
                        2.51091323732184e-8, 2.088660157487951e-9)
    exp_lowest, exp_highest, tanh_highest, sine_highest = -746.0, 710.0, 40.0, 8192.0
    pi_inverse = 0.3183098861837907
    pi_high, pi_middle, pi_low = 3.1415926535919425, -2.149391775674303e-12, 1.2246467991473532e-16
    sine_polynomial = (-0.16666666666666666, 0.008333333333333207, -0.00019841269841212509, 0.0000027557319211580307,
                       -2.505210690590058e-8, 1.6058941098212898e-10, -7.643022357167562e-13, 2.7214554485789005e-15)


FLOAT64 = Float64()
FORMATS = {"float32": Float32(), "float64": FLOAT64}

LOG_POLYNOMIAL = (0.6666666666666734, 0.3999999999941712, 0.285714287418665, 0.22222198624989017, 0.181835617066393,
                  0.15314115926283642, 0.14795310483056173)


def log(x):
    if not 0 < x < math.inf:
        return x if x == math.inf else -math.inf if x == 0 else math.nan
    significand, k = math.frexp(x)  # in [0.5, 1), also of a subnormal
    if struct.unpack("<Q", struct.pack("<d", significand))[0] >> 32 < 0x3fe6a09e:
        significand, k = significand * 2, k - 1
    f = significand - 1
    s = f / (2 + f)
    z = s * s
    h = (0.5 * f) * f
    inner = s * (h + z * FLOAT64.polynomial(LOG_POLYNOMIAL, z))
    return k * FLOAT64.ln2_high - ((h - (inner + k * FLOAT64.ln2_low)) - f)


def philox(counter, key):
    """Philox4x32-10."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def draw(seed, stream, layer, index):
    """Two numbers uniform on [0, 1)."""
    w = philox((index, layer, 0, 0), (seed, stream))
    return [(high * 2 ** 21 + (low >> 11)) * 2.0 ** -53 for high, low in ((w[0], w[1]), (w[2], w[3]))]


def normal(*place):
    u, other = draw(*place)
    return math.sqrt(-2 * log(1 - u)) * FLOAT64.cos((2 * math.pi) * other)


SCALES = {
    "glorot-uniform": lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out)),
    "glorot-normal": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    "he-uniform": lambda fan_in, fan_out: math.sqrt(6 / fan_in),
    "lecun-normal": lambda fan_in, fan_out: math.sqrt(1 / fan_in),
    "torch-linear": lambda fan_in, fan_out: 1 / math.sqrt(fan_in),
}


def initial_weights(init, layers, seed):
    """theta_0, in float32 in both formats."""
    theta = []
    for layer, (fan_in, fan_out) in enumerate(zip(layers, layers[1:])):
        weights, scale = fan_in * fan_out, SCALES[init](fan_in, fan_out)
        for index in range(weights + fan_out):
            place = (seed, WEIGHTS, layer, index)
            number = normal(*place) if init.endswith("normal") else 2 * draw(*place)[0] - 1
            theta.append(float32(scale * number) if index < weights or init == "torch-linear" else 0.0)
    return theta


def samples(kind, points, seed):
    """Pairs of x and y, in float32 in both formats; y belongs to the x before its rounding."""
    w0, w1, w2, b0, b1, b2 = (6 * draw(seed, TEACHER, 0, index)[0] - 3 for index in range(6))
    v0, v1, v2, b = (6 * draw(seed, TEACHER, 1, index)[0] - 3 for index in range(4))
    sin, tanh = FLOAT64.sin, FLOAT64.tanh
    start, end, target = {
        "sine": (0, 1, lambda x: sin((2 * math.pi) * x)),
        "polynomial": (-1, 1, lambda x: (2 * ((x * x) * x) + 0.3 * (x * x)) - x),
        "absolute": (-1, 1, lambda x: abs(x - 0.4)),
        "teacher": (0, 1, lambda x: ((b + v0 * tanh(b0 + w0 * x)) + v1 * tanh(b1 + w1 * x)) + v2 * tanh(b2 + w2 * x)),
    }[kind]
    xs = [start + ((end - start) * i) / (points - 1) for i in range(points)]
    return [(float32(x), float32(target(x))) for x in xs]


def sample_order(count, seed, epoch):
    """The order in which a network that shuffles meets its samples in an epoch."""
    order, words = [], []
    for i in range(count):
        if i % 4 == 0:
            words = philox((i // 4, epoch, 0, 0), (seed, ORDER))
        j = (words[i % 4] * (i + 1)) >> 32
        order.append(i)
        order[i], order[j] = order[j], i
    return order


def activation(name, format):
    """f(z), and δ as a function of u, a and z."""
    R = format.round
    return {
        "tanh": (format.tanh, lambda u, a, z: R(u * R(1 - R(a * a)))),
        "sigmoid": (format.sigmoid, lambda u, a, z: R(u * R(a * R(1 - a)))),
        "relu": (lambda z: 0.0 if z < 0 else z, lambda u, a, z: 0.0 if z <= 0 else u),
        "sine": (format.sin, lambda u, a, z: R(u * format.cos(z))),
        "identity": (lambda z: z, lambda u, a, z: u),
    }[name]


def squares_and_gradient(format, f, rule, layers, theta, data, sum):
    """The sum of squared errors with those of a batch added, and the batch's gradient."""
    R = format.round
    parts, start = [], 0  # of each layer: fan_in, fan_out and where its weights and its biases begin in theta
    for fan_in, fan_out in zip(layers, layers[1:]):
        parts.append((fan_in, fan_out, start, start + fan_in * fan_out))
        start += fan_in * fan_out + fan_out
    c2 = R(2 / (len(data) * layers[-1]))
    gradient = [0.0] * len(theta)
    for x, y in data:
        a, zs = [[x]], []
        for part, (fan_in, fan_out, weights, biases) in enumerate(parts):
            z = []
            for o in range(fan_out):
                value = theta[biases + o]
                for i in range(fan_in):
                    value = R(value + R(theta[weights + o * fan_in + i] * a[-1][i]))
                z.append(value)
            zs.append(z)
            a.append(z if part == len(parts) - 1 else [f(value) for value in z])

        e = R(a[-1][0] - y)  # one output, as in every data set
        sum = R(sum + R(e * e))
        delta = [R(c2 * e)]

        for part in reversed(range(len(parts))):
            fan_in, fan_out, weights, biases = parts[part]
            for o in range(fan_out):
                for i in range(fan_in):
                    at = weights + o * fan_in + i
                    gradient[at] = R(gradient[at] + R(delta[o] * a[part][i]))
                gradient[biases + o] = R(gradient[biases + o] + delta[o])
            if part > 0:
                below = []
                for j in range(fan_in):
                    u = 0.0
                    for o in range(fan_out):
                        u = R(u + R(theta[weights + o * fan_in + j] * delta[o]))
                    below.append(rule(u, a[part][j], zs[part - 1][j]))
                delta = below
    return sum, gradient


class Optimizer:
    """Any of the optimizers, one step after another. It keeps the moments that its line of the table assigns."""

    KEPT = {"adam": ("m", "v"), "adamw": ("m", "v"), "amsgrad": ("m", "v", "v_max"), "rmsprop": ("v",),
            "momentum": ("m",), "sgd": ()}

    def __init__(self, format, flush, configuration, count):
        self.format, self.flush, self.kind, self.form = format, flush, configuration["kind"], configuration["form"]
        self.lr = configuration["learningRate"]
        self.beta1, self.beta2 = configuration.get("beta1", 0.0), configuration.get("beta2", 0.0)
        self.epsilon, self.decay = configuration.get("epsilon", 0.0), configuration.get("weightDecay", 0.0)
        self.moments = {name: [0.0] * count for name in self.KEPT[self.kind]}
        self.power1 = self.power2 = 1.0  # beta1^t and beta2^t in float64

    def step(self, theta, gradient):
        """The update of every parameter, in place."""
        self.power1, self.power2 = self.power1 * self.beta1, self.power2 * self.beta2
        R, rate, e = self.format.round, self.format.round(self.lr), self.format.round(self.epsilon)
        b1, b2, d1, d2 = R(self.beta1), R(self.beta2), R(1 - self.beta1), R(1 - self.beta2)
        w = R(1 - self.lr * self.decay)
        for i, g in enumerate(gradient):
            if self.kind == "sgd":
                step = R(rate * g)
            elif self.kind == "momentum":
                step = R(rate * self.put("m", i, R(R(b1 * self.moments["m"][i]) + g)))
            elif self.kind == "rmsprop":
                v = self.put("v", i, R(R(self.moments["v"][i] * b2) + R(R(d2 * g) * g)))
                step = R(divide(R(rate * g), R(R(root(v)) + e)))
            else:
                if self.kind == "adamw":
                    theta[i] = R(theta[i] * w)
                step = self.adam(i, g, rate, e, b1, b2, d1, d2)
            theta[i] = R(theta[i] - step)

    def put(self, name, i, x):
        """Flushes and keeps a moment."""
        x = self.flush(x, self.format.moment_limit)
        self.moments[name][i] = x
        return x

    def under_root(self, i, v):
        """v, or what takes its place in the denominator."""
        if self.kind != "amsgrad":
            return v
        largest = self.moments["v_max"]
        largest[i] = largest[i] if v < largest[i] else v
        return largest[i]

    def adam(self, i, g, rate, e, b1, b2, d1, d2):
        R, m, v = self.format.round, self.moments["m"][i], self.moments["v"][i]
        h1, h2 = 1 - self.power1, 1 - self.power2
        if self.form == "torch":
            m = self.put("m", i, R(m + R(d1 * R(g - m))))
            v = self.under_root(i, self.put("v", i, R(R(v * b2) + R(R(d2 * g) * g))))
            return R(divide(R(R(self.lr / h1) * m), R(R(divide(R(root(v)), R(math.sqrt(h2)))) + e)))
        if self.form == "keras":
            m = self.put("m", i, R(m + R(R(g - m) * d1)))
            v = self.under_root(i, self.put("v", i, R(v + R(R(R(g * g) - v) * d2))))
            return R(divide(R(m * R((self.lr * math.sqrt(h2)) / h1)), R(R(root(v)) + e)))
        m = self.put("m", i, R(R(b1 * m) + R(d1 * g)))
        v = self.under_root(i, self.put("v", i, R(R(b2 * v) + R(d2 * R(g * g)))))
        m_hat, v_hat = R(divide(m, R(h1))), R(divide(v, R(h2)))
        below = R(R(root(v_hat)) + e)
        return R(divide(R(rate * m_hat), below)) if self.form == "paper" else R(rate * R(divide(m_hat, below)))


def objective_loss_and_gradient(format, objective, theta):
    """(lambda / k) |x|^k of one parameter, and its slope."""
    R, x, k = format.round, theta[0], objective["exponent"]
    r = q = abs(x)
    for _ in range(k - 2):
        q = R(q * r)
    slope = R(R(objective["curvature"]) * q)
    return R(R(objective["curvature"] / k) * R(q * r)), [math.copysign(slope, x)]


def train(network, epochs):
    """The format, the losses L_1 … L_E, and theta and the moments after epoch E, of a network's configuration."""
    format = FORMATS[network["precision"]]
    flushing = {"ieee": False, "flush": True}[network["subnormals"]]

    def flush(x, limit):
        return 0.0 if flushing and abs(x) < limit else x

    objective = network.get("objective")
    theta = [float32(objective["start"])] if objective else initial_weights(network["init"], network["layers"], network["seed"])
    optimizer = Optimizer(format, flush, network["optimizer"], len(theta))

    def step(gradient):
        optimizer.step(theta, [flush(g, format.gradient_limit) for g in gradient])

    losses = []
    if objective:
        for _ in range(epochs):
            loss, gradient = objective_loss_and_gradient(format, objective, theta)
            losses.append(loss)
            step(gradient)
    else:
        train_layers(network, format, theta, epochs, losses, step)
    return format, losses, [theta, *optimizer.moments.values()]


def train_layers(network, format, theta, epochs, losses, step):
    """Trains theta in place and adds the losses."""
    layers, R = network["layers"], format.round
    f, rule = activation(network["activation"], format)
    data = samples(network["data"]["kind"], network["data"]["points"], network["data"].get("seed", 0))
    size = len(data) if network["batch"] == "full" else network["batch"]
    for epoch in range(1, epochs + 1):
        shuffled = network.get("shuffle", False)
        order = sample_order(len(data), network["seed"], epoch) if shuffled else range(len(data))
        met, sum = [data[sample] for sample in order], 0.0
        for first in range(0, len(data), size):
            sum, gradient = squares_and_gradient(format, f, rule, layers, theta, met[first:first + size], sum)
            step(gradient)
        losses.append(R(sum * R(1 / (len(data) * layers[-1]))))


def digest(format, losses, state):
    blocks = [format.bytes(losses[at:at + BLOCK]) for at in range(0, len(losses), BLOCK)]
    hashes = b"".join(hashlib.sha256(block).digest() for block in blocks)
    return hashlib.sha256(hashes + b"".join(map(format.bytes, state))).hexdigest()


def number(x):
    """x as JavaScript writes it: the shortest digits, plain from 1e-6 to below 1e21, with an exponent elsewhere."""
    digits = Decimal(repr(x)).normalize()
    if x == 0 or 1e-6 <= abs(x) < 1e21:
        return f"{digits:f}"
    significand, exponent = f"{digits:e}".split("e")
    return f"{significand}e{int(exponent):+d}"


def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value) if isinstance(value, (str, bool)) else number(value)


def key(configuration):
    return hashlib.sha256(canonical({"arithmetic": ARITHMETIC} | configuration).encode()).hexdigest()[:16]


def difference(network):
    """The first of key, loss_first, loss_last and digest that comes out otherwise, or None."""
    configuration = network["configuration"]
    layers = configuration.get("layers", [1, 1])
    if layers[0] != 1 or layers[-1] != 1:
        return "has several inputs or outputs, which come from files"
    format, losses, state = train(configuration, network["epochs"])
    found = {"key": key(configuration), "loss_first": losses[0], "loss_last": losses[-1],
             "digest": digest(format, losses, state)}
    for name, value in found.items():
        if isinstance(value, float) and not math.isfinite(value):
            value = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # which JSON cannot say
        if network[name] != value:
            return f"{name} is {value!r} here and {network[name]!r} in the file"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", help="what `gyre show --json` prints, one network a line")
    parser.add_argument("--every", type=int, default=1, help="recompute every Nth network (%(default)s)")
    options = parser.parse_args()
    with open(options.networks, encoding="utf-8") as file:
        networks = [json.loads(line) for line in file if line.strip()][::options.every]
    if not networks:
        sys.exit("no networks to reproduce")
    start = time.monotonic()
    for network in networks:
        if found := difference(network):
            sys.exit(f"network {network['network']} ({network['key']}): {found}")
    print(f"{len(networks)} networks reproduced bit for bit in {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
