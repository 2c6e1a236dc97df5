import { describe, expect, it } from 'vitest';
import { formatEntry, readCorpus, reasonsOf, toSeedling } from './corpus.js';
import { createJudges, judgeAll } from './judges.js';
import { OURS_STRICTER, THEIRS_STRICTER } from './listed-splits.js';
import { findSplit } from './splits.js';

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

// Node.js 24 refuses keys of small order itself, and with it all who verify by it.
const [major = 0] = process.versions.node.split('.').map(Number);
const AGREED_BY_NOW = new Set(major >= 24 ? ['small-order-key'] : []);

const corpus = readCorpus();
const rows = [...OURS_STRICTER, ...THEIRS_STRICTER];

describe('the corpus of splits between scopegate, jose and oauth4webapi', () => {
  it.each(corpus)('$id: $note', async (entry) => {
    const { profile, world, verdicts, listed } = entry;
    const sample = toSeedling(entry);
    const said = await judgeAll(createJudges(world, profile), sample.token, sample.at);
    expect(said.scopegate).toMatchObject({ accepted: verdicts.scopegate === 'accepted' });
    if (AGREED_BY_NOW.has(entry.id)) return expect(findSplit(sample, said)).toBeUndefined();
    expect(reasonsOf(said)).toEqual(verdicts);
    expect(findSplit(sample, said)?.listed).toEqual(listed);
    expect(listed, 'nobody has listed it: see listed-splits.ts').not.toEqual([]);
  });

  it.each(rows)('$id is listed because a token was found that shows it', ({ id }) => {
    expect(corpus.filter(({ listed }) => listed.includes(id))).not.toEqual([]);
  });

  it('names every split once', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('holds public keys alone', () => {
    const names = corpus.flatMap(({ world }) => world.jwks.keys.flatMap((jwk) => Object.keys(jwk)));
    expect(names).toContain('x');
    expect(names.filter((name) => PRIVATE_MEMBERS.includes(name))).toEqual([]);
  });

  it('is written so that it can be read again', () => {
    for (const entry of corpus) expect(JSON.parse(formatEntry(entry))).toEqual(entry);
  });
});
