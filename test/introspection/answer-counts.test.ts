import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AnswerCounts } from '../../src/introspection/answer-counts.js';

function countWarnings() {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  return warn;
}

function count(counts: AnswerCounts, outcome: 'active' | 'inactive', times: number): void {
  for (let i = 0; i < times; i += 1) counts.count(outcome);
}

describe('AnswerCounts', () => {
  it('counts what the issuer says', () => {
    const counts = new AnswerCounts('https://login.example.com');
    expect(counts.status()).toEqual({ active: 0, inactive: 0 });
    count(counts, 'active', 2);
    count(counts, 'inactive', 3);
    expect(counts.status()).toEqual({ active: 2, inactive: 3 });
  });

  it('warns once of an issuer that called none of twenty tokens active', () => {
    const warn = countWarnings();
    const counts = new AnswerCounts('https://login.example.com');
    count(counts, 'inactive', 19);
    expect(warn).not.toHaveBeenCalled();
    count(counts, 'inactive', 40);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(/^https:\/\/login\.example\.com called none of 20 tokens active\. .*credentials/),
        { code: 'SCOPEGATE_NEVER_ACTIVE' },
      ],
    ]);
  });

  it('warns of no issuer that called one token active', () => {
    const warn = countWarnings();
    const counts = new AnswerCounts('https://login.example.com');
    count(counts, 'active', 1);
    count(counts, 'inactive', 100);
    expect(warn).not.toHaveBeenCalled();
  });
});
