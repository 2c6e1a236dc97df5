import { isIPv6 } from 'node:net';
import type { SourceOf } from '../issuer/introspection-options.js';
import type { HttpRequest } from '../protocol/http-request.js';
import type { Source } from '../resilience/circuit-breaker.js';

// RFC 6177 §2, BCP 157: a home has 56 bits or more in common, and whoever has it chooses the rest for each request.
const IPV6_GROUPS = 4;
const SHARED_BITS_OF_LAST_GROUP = 8;
const IPV4_IN_IPV6 = /^::ffff:([\d.]+)$/i;

/**
 * Finds where a request came from: by default its address, and the network of an IPv6 address.
 *
 * @throws whatever the function of the user throws, and TypeError for what is no text
 */
export function findSource(request: HttpRequest | undefined, sourceOf: SourceOf = addressOf): Source {
  const source: unknown = request === undefined ? undefined : sourceOf(request);
  if (source === undefined) return undefined;
  if (typeof source !== 'string') throw new TypeError('the function gave no text');
  return isIPv6(source) ? networkOf(source) : source;
}

function addressOf({ ip, socket }: HttpRequest): string | undefined {
  return ip ?? socket?.remoteAddress;
}

function networkOf(address: string): string {
  const mapped = IPV4_IN_IPV6.exec(address)?.[1];
  if (mapped !== undefined) return mapped;

  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  const groups = [...head, ...zeros, ...tail].slice(0, IPV6_GROUPS).map((group) => Number.parseInt(group, 16));
  const last = (groups.pop() as number) >> SHARED_BITS_OF_LAST_GROUP;
  return [...groups, last].map((group) => group.toString(16)).join(':');
}
