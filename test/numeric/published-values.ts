/**
 * Values of the elementary functions that are known to 120 bits, by mpmath at 400 bits: the truths of the tests are
 * compared with them.
 */
// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: arguments as they were given to mpmath.

/** [argument, significand of 120 bits, exponent of its leading bit]. */
type PublishedValue = readonly [number, bigint, number];

export const PUBLISHED_VALUES: Readonly<
  Record<'exp' | 'tanh' | 'sigmoid' | 'sin' | 'cos' | 'log', readonly PublishedValue[]>
> = {
  exp: [
    [1.0, 0xadf85458a2bb4a9aafdc5620273d3dn, 1],
    [-1.0, 0xbc5ab1b16779be3575bd8f0520a9f2n, -2],
    [0.1, 0x8d763d9ad0069d1056ce9e38fac787n, 0],
    [-0.3465735902799727, 0xb504f333f9de624784b2804f93bc70n, -1],
    [88.72, 0xff463329c14b425c98125135a9cc97n, 127],
    [709.782712893384, 0xfffffffffff950d87131a0068afe29n, 1023],
    [-708.5, 0xe6cf6d08897abafefd5ddf79f67ea0n, -1023],
    [-745.1332191019411, 0x80000000000df6306395946f384c17n, -1075],
    [1e-10, 0x8000000036f9bfb3bb49c6864ad1c3n, 0],
    [300.25, 0x8fed1f5759e86f001139614a6fae98n, 433],
  ],
  tanh: [
    [0.5, 0xec9a9ebab4579b28947710e32d846an, -2],
    [-0.5, -0xec9a9ebab4579b28947710e32d846an, -2],
    [1e-8, 0xabcc77118461ce635a7331f41cb47en, -27],
    [1e-5, 0xa7c5ac4703429dd6cfad96fe8591dcn, -17],
    [0.01, 0xa3d5a45722caf10992ce4a0b149b20n, -7],
    [0.17328679513998632, 0xafb0ccc06219b61b360d659c6a78d9n, -3],
    [0.25, 0xfacbf534d0e42f89ac6b8ec2394e40n, -3],
    [1.0, 0xc2f7d5a8a79ca2ac3195f149e213a8n, -1],
    [3.7, 0xffafee4a42445cf0b33856a52eda25n, -1],
    [18.5, 0xfffffffffffff3b3dc701acfd5cc62n, -1],
  ],
  sigmoid: [
    [0.5, 0x9f597ea69a1c85f1358d71d84729c8n, -1],
    [-0.5, 0xc14d02b2cbc6f41d94e51c4f71ac70n, -2],
    [1e-8, 0x8000000abcc77118461cf98d69ccc8n, -1],
    [-3.3, 0x91b31869b159ae082d4509176745ben, -5],
    [5.5, 0xfef5426b9eb8f99696536212641236n, -1],
    [20.0, 0xfffffff725bcd554a515b0b44b44c2n, -1],
    [-20.0, 0x8da432aab5aea4f4bb4bb3de6e686dn, -29],
    [36.7, 0xfffffffffffff7b33a7da117386badn, -1],
    [-700.1, 0xfa97c9efa6fe75757c5ee2318ed959n, -1011],
    [-744.9, 0xa19ec7d67867032ae81d0533512805n, -1075],
  ],
  sin: [
    [0.5, 0xf57743a2582f7f43b25e1b27ec1bdbn, -2],
    [1.0, 0xd76aa47848677020c6e9e909c50f3cn, -1],
    [1e-5, 0xa7c5ac470f4512eb6608a170ebba9an, -17],
    [1.5707963267948966, 0xfffffffffffffffffffffffffff644n, -1],
    [3.141592653589793, 0x8d313198a2e03707344a4093821b71n, -53],
    [-3.1415926535897936, 0xb9676733ae8fe47c65dadfb63eadden, -52],
    [100.0, -0x81a12dbc626dc03847b0aae841f591n, -1],
    [4097.123, 0xef3b9d7aee33bee27f998c49588b5fn, -2],
    [8192.0, -0xf4c7c384c6471eebf0124f4e4bf2e1n, -1],
    [-7777.7, 0xc5dd4014d4400456044d9c42cad92dn, -1],
  ],
  cos: [
    [0.5, 0xe0a94032dbea7cedbddd9da2fafadan, -1],
    [1.0, 0x8a51407da8345c91c2466d976871bdn, -1],
    [1e-5, 0xffffffffc906404c527c401e97d380n, -1],
    [1.5707963267948966, 0x8d313198a2e03707344a40938220d0n, -54],
    [3.141592653589793, -0xffffffffffffffffffffffffffd910n, -1],
    [4.71238898038469, -0xd3c9ca64f450528ace6f60dd431bben, -53],
    [100.0, 0xdcc0edfb32fefb1fa19b9b30bd020bn, -1],
    [4097.123, 0xe255f900c0210bdb4df947fcfaf10en, -1],
    [8192.0, 0x95ea1e87596491ec7526d51d8dc209n, -2],
    [-7777.7, 0xa26fd65c2a98d55e15b3a5bfbe47f9n, -1],
  ],
  log: [
    [2.0, 0xb17217f7d1cf79abc9e3b39803f2f7n, -1],
    [0.5, -0xb17217f7d1cf79abc9e3b39803f2f7n, -1],
    [3.0, 0x8c9f53d5681854bb520cc6aa829dben, 0],
    [1.0000000000000002, 0xfffffffffffff80000000000005555n, -53],
    [0.9999999999999999, -0x800000000000020000000000000aabn, -53],
    [1.4142135623730951, 0xb17217f7d1cf8385c1c362a9184270n, -2],
    [0.7071067811865476, -0xb17217f7d1cf6fd1d2040486efa37dn, -2],
    [1e308, 0xb14c8eaeb152ef0bc492440c25565fn, 9],
    [5e-324, -0xba1c2a236b8e1b1cad3f51dcf02454n, 9],
    [2.5e-310, -0xb238a5488ae67ef9863f52dbd751b1n, 9],
  ],
};
