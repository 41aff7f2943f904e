/**
 * Limits of a sweep. They stand apart from its schema because the command line needs them before it needs zod, which
 * takes longer to load than the rest of a start.
 */

/** Limits of a sweep: what one workstation can hold, and what 32-bit ids and epochs can count. */
export const SWEEP_LIMITS = {
  /** Networks in one plan; each costs about 0.5 KB of main-thread memory. */
  networkCountMax: 1_000_000,
  epochCountMax: 2_147_483_647,
  layerCountMax: 32,
  widthMax: 4096,
  /** Parameters of one network: a group of four float64 networks then takes about 0.6 GB. */
  parameterCountMax: 4_194_304,
  pointCountMax: 1_048_576,
  /** Of one file of data. */
  dataBytesMax: 268_435_456,
  seedMax: 4_294_967_295,
  /** The largest finite float32: beyond it a constant would round to ∞. */
  magnitudeMax: 3.4028234663852886e38,
} as const;
