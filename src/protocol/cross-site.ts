import { type HttpRequest, headerValues } from './http-request.js';

// Fetch Metadata §2.3. `none`: the user typed the address, or opened a bookmark.
const SAME_SITE = ['same-origin', 'same-site', 'none'];

/**
 * Finds what says that another site caused a request: a page of that site in the browser of a user, with the cookies of the
 * user. `Sec-Fetch-Site` decides where it is sent; no page can change it. Without it, `Origin` must name the host of the
 * request. A request with neither is no script's or WebSocket's of another site, and no form's but by GET.
 *
 * @see Fetch Metadata Request Headers §2.3; RFC 6454 §7
 */
export function findCrossSite(request: HttpRequest): string | undefined {
  const sites = headerValues(request, 'sec-fetch-site');
  if (sites.length > 0) return sites.every((site) => SAME_SITE.includes(site)) ? undefined : 'Sec-Fetch-Site';

  const origins = headerValues(request, 'origin');
  const host = hostOf(request);
  const isOwn = origins.every((origin) => host !== undefined && hostnameOf(origin) === host);
  return isOwn ? undefined : 'Origin';
}

/** The name of the host, without its port: ports are of one site. */
function hostOf(request: HttpRequest): string | undefined {
  const [host, ...others] = [...headerValues(request, 'host'), ...headerValues(request, ':authority')];
  return host === undefined || others.length > 0 ? undefined : hostnameOf(`http://${host}`);
}

/** Undefined for `null`, the origin of a page that has none. */
function hostnameOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname || undefined : undefined;
}
