/**
 * The upper tail of the chi-square distribution, for tests that compare many groups. The tables of simple-statistics
 * hold a few probabilities only.
 */
import { gammaln } from 'simple-statistics';

/** Relative size of a term at which a series or a fraction has ended. */
const ACCURACY = 1e-15;
/** Keeps the continued fraction from dividing by 0. */
const TINY = 1e-300;
const TERMS_MAX = 10_000;

/** The probability that a chi-square variable of so many degrees of freedom exceeds `x`: Q(degrees / 2, x / 2). */
export function chiSquareTail(x: number, degrees: number): number {
  return upperGamma(degrees / 2, x / 2);
}

/**
 * The regularised upper incomplete gamma function Q(a, x), a > 0, x ≥ 0: a series for small x, Lentz's continued
 * fraction for large x (Press et al., Numerical Recipes, section 6.2). Both reach about 14 digits.
 */
function upperGamma(a: number, x: number): number {
  if (x === 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - gammaln(a));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

/** Σ x^n / (a (a + 1) … (a + n)). */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < TERMS_MAX && term > ACCURACY * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** 1 / (x + 1 − a − 1(1 − a) / (x + 3 − a − 2(2 − a) / (x + 5 − a − …))). */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < TERMS_MAX; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / awayFromZero(numerator * d + b);
    c = awayFromZero(b + numerator / c);
    const change = c * d;
    fraction *= change;
    if (Math.abs(change - 1) < ACCURACY) break;
  }
  return fraction;
}

const awayFromZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
