// The y-coordinates of the points of small order on edwards25519, as little-endian octets without the sign bit:
// 0, 1, -1, two of order 8, and those that are not reduced (p and p + 1). Under such a key anybody can sign.
const SMALL_ORDER_POINTS: ReadonlySet<string> = new Set([
  `00${'00'.repeat(31)}`,
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

// The same of edwards448: 0, 1, -1, p and p + 1.
const SMALL_ORDER_POINTS_448: ReadonlySet<string> = new Set([
  `00${'00'.repeat(55)}`,
  `01${'00'.repeat(55)}`,
  `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
  `${'ff'.repeat(28)}fe${'ff'.repeat(27)}`,
  `${'00'.repeat(28)}${'ff'.repeat(28)}`,
]);

/** Returns whether an Ed25519 or Ed448 public key is a point of small order (RFC 8032 §5.1, §5.2, RFC 8725 §3.4). */
export function hasSmallOrder(publicKey: Buffer): boolean {
  // The last octet of Ed448 holds the sign alone.
  if (publicKey.length === 57) return SMALL_ORDER_POINTS_448.has(publicKey.subarray(0, 56).toString('hex'));
  if (publicKey.length !== 32) return false;
  const point = Buffer.from(publicKey);
  point.writeUInt8(point.readUInt8(31) & 0x7f, 31);
  return SMALL_ORDER_POINTS.has(point.toString('hex'));
}

// CVE-2017-15361 (ROCA): primes made as k * M + (65537^a mod M), M a product of small primes, leave remainders that
// are powers of 65537 for each of these. One in some hundred million other keys does too.
const ROCA_PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
const ROCA_REMAINDERS = ROCA_PRIMES.map((prime) => ({ prime: BigInt(prime), powers: powersOf(65_537 % prime, prime) }));

/** Returns whether the flawed library of ROCA made an RSA modulus, which can then be factored. */
export function isRocaModulus(modulus: bigint): boolean {
  return ROCA_REMAINDERS.every(({ prime, powers }) => powers.has(Number(modulus % prime)));
}

function powersOf(base: number, prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * base) % prime) powers.add(power);
  return powers;
}
