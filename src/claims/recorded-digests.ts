/** Digests. */
export const RECORDED_DIGESTS: Readonly<Record<string, string>> = {};
