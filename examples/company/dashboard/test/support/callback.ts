import type { DashboardWorld } from './dashboard-world.js';
import type { Visitor } from './visitor.js';

/**
 * Lets something happen when the authorization server next sends the browser back, before it arrives.
 *
 * @param meet - may change the address
 * @returns the address as the authorization server gave it
 */
export async function meetCallback(
  { page }: Visitor,
  { origin }: DashboardWorld,
  meet: (answer: URL) => void | Promise<void>,
): Promise<() => URL> {
  // The driver's own interception sees the first address of a navigation only, and this is where redirects end.
  const devtools = await page.context().newCDPSession(page);
  let original: URL | undefined;
  devtools.on('Fetch.requestPaused', async ({ requestId, request }) => {
    if (original !== undefined) return void (await devtools.send('Fetch.continueRequest', { requestId }));
    original = new URL(request.url);
    const changed = new URL(request.url);
    await meet(changed);
    if (changed.href === original.href) return void (await devtools.send('Fetch.continueRequest', { requestId }));
    const responseHeaders = [{ name: 'Location', value: changed.href }];
    await devtools.send('Fetch.fulfillRequest', { requestId, responseCode: 303, responseHeaders });
  });
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/callback*` }] });
  return () => {
    if (original === undefined) throw new Error('the browser was not sent back yet');
    return original;
  };
}
