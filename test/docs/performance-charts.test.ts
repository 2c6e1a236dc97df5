import { describe, expect, it } from 'vitest';
import { drawBarChart } from '../../bench/draw/bar-chart.js';

describe('charts of docs/performance.md', () => {
  it('have room for the longest label: it is right-aligned, and would be cut off at the left edge', () => {
    const label = 'express-oauth2-jwt-bearer with a long name';
    const svg = drawBarChart({
      title: 'Title',
      subtitle: 'Subtitle',
      bars: [{ label, value: 1, note: '', isOurs: true }],
    });
    const end = Number(/<text x="([\d.]+)" y="\d+" text-anchor="end"/.exec(svg)?.[1]);
    // A wide character of a bold system font of 13 px takes some 8 px.
    expect(end).toBeGreaterThanOrEqual(label.length * 8);
    const bar = Number(/<rect x="([\d.]+)"/.exec(svg)?.[1]);
    expect(bar).toBeGreaterThan(end);
    expect(bar).toBeLessThan(760);
  });
});
