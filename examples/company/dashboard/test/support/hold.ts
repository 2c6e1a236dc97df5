import type { Page } from 'playwright-core';

/** Holds back the requests to some URLs. Gives what lets them go, those that come later too. */
export async function hold(page: Page, urls: string): Promise<() => void> {
  let letGo = () => {};
  const isOver = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route(urls, async (route) => {
    await isOver;
    // Whoever asked may have left meanwhile.
    await route.continue().catch(() => {});
  });
  return letGo;
}
