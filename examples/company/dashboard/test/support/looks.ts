import type { Locator, Page } from 'playwright-core';

/** Where the focus is. */
export interface Focus {
  /** The tag and the text of what has it. */
  readonly on: string;
  /** Of its outline with what lies around it (WCAG 2.2 §1.4.11 wants 3); 0 where there is none. */
  readonly contrast: number;
}

/** Tells where the focus is, and how well it can be seen. */
export async function focusOf(page: Page): Promise<Focus> {
  const { on, hasOutline } = await page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return {
      on: `${element.localName} ${element.textContent?.trim().replace(/\s+/g, ' ') ?? ''}`.trim(),
      hasOutline: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && element !== document.body,
    };
  });
  return { on, contrast: hasOutline ? await contrastOf(page.locator(':focus'), 'outlineColor') : 0 };
}

/** Gives the contrast of a color of an element with the ground around it (WCAG 2.2, "contrast ratio"). */
export async function contrastOf(locator: Locator, property: 'fill' | 'outlineColor'): Promise<number> {
  const colors = await locator.evaluate((element, name) => {
    const isClear = (color: string) => /, 0\)$/.test(color);
    let around = element.parentElement;
    while (around !== null && isClear(getComputedStyle(around).backgroundColor)) around = around.parentElement;
    const ground = getComputedStyle(around ?? document.documentElement).backgroundColor;
    return [getComputedStyle(element)[name], ground];
  }, property);
  const [low = 0, high = 0] = colors.map(luminanceOf).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminanceOf(color: string): number {
  const parts = /^rgba?\((\d+), (\d+), (\d+)/.exec(color)?.slice(1).map(Number);
  if (parts === undefined) throw new Error(`no color that is understood: ${color}`);
  const [red = 0, green = 0, blue = 0] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Lists what stands out of the window to the right, or out of the box that it is in. */
export function findOverflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const isShown = (element: Element) =>
      element.checkVisibility() && element.closest('.visually-hidden, .skip') === null;
    const standsOut = [...document.body.querySelectorAll('*')].filter((element) => {
      if (!isShown(element)) return false;
      const isCut = element instanceof HTMLElement && element.clientWidth > 0 && element.localName !== 'input';
      return (
        element.getBoundingClientRect().right > clientWidth + 1 ||
        (isCut && element.scrollWidth > element.clientWidth + 1)
      );
    });
    const scrolls = scrollWidth > clientWidth ? [`the window, ${scrollWidth} of ${clientWidth}`] : [];
    return [...scrolls, ...standsOut.map((element) => `${element.localName}.${element.getAttribute('class') ?? ''}`)];
  });
}
