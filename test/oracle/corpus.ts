import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createJudges, judgeAll, type PeerName, type Verdicts } from './judges.js';
import { candidatesOf, collectEvidence, OURS_STRICTER, THEIRS_STRICTER } from './listed-splits.js';
import { findSplit } from './splits.js';
import type { Sample, Seedling } from './token-generator.js';
import type { OracleProfile, World } from './world.js';

/** A token about which the judges did not agree, with all that it takes to ask them again, for ever. */
export interface CorpusEntry {
  readonly id: string;
  /** What it shows, and why that is as it should be. */
  readonly note: string;
  /** The listed splits that it is one of; an empty list is a finding that nobody has looked at yet. */
  readonly listed: readonly string[];
  /** What was done to a good token. */
  readonly steps: readonly string[];
  readonly profile: OracleProfile;
  /** The time of the judges. */
  readonly at: string;
  /** What each judge said: `accepted`, our machine reason, the code of their error. */
  readonly verdicts: { readonly scopegate: string } & { readonly [name in PeerName]?: string };
  readonly world: World;
  readonly token: string;
}

const LONGEST_LIST = 100;
const FOLDER = new URL('../attack/corpus/', import.meta.url);

export function readCorpus(): readonly CorpusEntry[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.toSorted().map((name) => {
    const entry = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as CorpusEntry;
    if (name !== fileNameOf(entry)) throw new Error(`${name} holds the entry ${entry.id}`);
    return entry;
  });
}

export function writeCorpusEntry(entry: CorpusEntry): string {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(fileNameOf(entry), FOLDER), formatEntry(entry));
  return fileNameOf(entry);
}

export function fileNameOf({ id }: CorpusEntry): string {
  return `${id}.json`;
}

export function formatEntry(entry: CorpusEntry): string {
  const text = JSON.stringify(entry, null, 2);
  // As the formatter of this repository writes short lists.
  const lines = text.replace(/\[\n\s+("[^\n]*"(?:,\n\s+"[^\n]*")*)\n\s+\]/g, (list, items: string) => {
    const line = `[${items.replace(/\n\s+/g, ' ')}]`;
    return line.length < LONGEST_LIST ? line : list;
  });
  return `${lines}\n`;
}

export function toSeedling({ token, at, profile, world }: CorpusEntry): Seedling {
  return { token, at: Date.parse(at), profile, world };
}

/** Says what each judge said, without the details. */
export function reasonsOf(verdicts: Verdicts): CorpusEntry['verdicts'] {
  return Object.fromEntries(
    Object.entries(verdicts).map(([name, { reason }]) => [name, reason]),
  ) as CorpusEntry['verdicts'];
}

/** Makes an entry of a split that was found: with the keys that matter, if the verdicts stay as they are. */
export async function toCorpusEntry(sample: Sample, verdicts: Verdicts, id?: string): Promise<CorpusEntry> {
  const { token, profile, steps } = sample;
  const listed = findSplit(sample, verdicts)?.listed ?? [];
  const world = await reduceWorld(sample, verdicts);
  const at = new Date(sample.at).toISOString();
  const reasons = reasonsOf(verdicts);
  return { id: id ?? newId(token), note: explain(listed), listed, steps, profile, at, verdicts: reasons, world, token };
}

/** Makes an entry of a token that broke a promise of ours. */
export function toBreachEntry({ token, profile, steps, world, at }: Sample, breach: string): CorpusEntry {
  const found = { listed: [], steps, profile, at: new Date(at).toISOString(), world, token };
  return { id: newId(token), note: breach, ...found, verdicts: { scopegate: 'breach' } };
}

function explain(listed: readonly string[]): string {
  const ours = OURS_STRICTER.map(({ id, ground, why }) => ({ id, text: `${ground}: ${why}` }));
  const theirs = THEIRS_STRICTER.map(({ id, why }) => ({ id, text: `stricter without an RFC: ${why}` }));
  const texts = [...ours, ...theirs].filter(({ id }) => listed.includes(id)).map(({ text }) => text);
  return texts.length === 0 ? 'Nobody has looked at this yet.' : texts.join('; ');
}

async function reduceWorld(sample: Sample, verdicts: Verdicts): Promise<World> {
  const { token, at, profile, world } = sample;
  const candidates = candidatesOf(collectEvidence(sample));
  // The first one is good: a set without any good key is refused at start.
  const keys = world.jwks.keys.filter((jwk, index) => index === 0 || candidates.includes(jwk));
  const reduced = { issuer: world.issuer, audience: world.audience, jwks: { keys } };
  const again = await judgeAll(createJudges(reduced, profile), token, at);
  const isSame = JSON.stringify(reasonsOf(again)) === JSON.stringify(reasonsOf(verdicts));
  return isSame ? reduced : { ...reduced, jwks: world.jwks };
}

function newId(token: string): string {
  return `found-${createHash('sha256').update(token).digest('hex').slice(0, 12)}`;
}
