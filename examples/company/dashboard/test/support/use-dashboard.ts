import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { DashboardWorld } from './dashboard-world.js';

export interface DashboardSettings {
  /** Whether `vi.setSystemTime` moves the clock of all servers, which goes on by itself too. @defaultValue false */
  readonly movesTime?: boolean;
}

/** One world for the tests of a file, up when they begin. After each of them no page has complained, and all are left. */
export function useDashboard({ movesTime = false }: DashboardSettings = {}): DashboardWorld {
  const world = new DashboardWorld();
  beforeAll(async () => {
    // Before the verifier is created, which takes the clock of that moment.
    if (movesTime) vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
    await world.start();
  });
  afterAll(async () => {
    await world.close();
    if (movesTime) vi.useRealTimers();
  });
  afterEach(async () => {
    const visitors = world.visitors.splice(0);
    for (const visitor of visitors) await visitor.leave();
    expect(visitors.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
  return world;
}
