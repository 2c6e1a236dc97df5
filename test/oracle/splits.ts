import type { PeerName, Verdict, Verdicts } from './judges.js';
import { collectEvidence, OURS_STRICTER, THEIRS_STRICTER } from './listed-splits.js';
import type { Seedling } from './token-generator.js';

/** A token that the judges do not agree about. */
export interface Split {
  /** The ids of the listed splits that it is one of; empty when nobody listed it, which is a finding. */
  readonly listed: readonly string[];
  readonly direction: 'ours is stricter' | 'theirs is stricter';
}

const PEERS: readonly PeerName[] = ['jose', 'oauth4webapi'];

/** Compares our verdict with those of the others. Among themselves they may differ as they like. */
export function findSplit(sample: Seedling, verdicts: Verdicts): Split | undefined {
  const { scopegate } = verdicts;
  if (!scopegate.accepted) {
    if (!PEERS.some((name) => verdicts[name]?.accepted)) return undefined;
    return { direction: 'ours is stricter', listed: listOurs(sample, scopegate) };
  }
  const refusing = PEERS.filter((name) => verdicts[name]?.accepted === false);
  if (refusing.length === 0) return undefined;
  const listed = refusing.map((name) => listTheirs(sample, name, verdicts[name] as Verdict));
  // One that nobody listed makes all of it a finding.
  const isListed = listed.every((ids) => ids.length > 0);
  return { direction: 'theirs is stricter', listed: isListed ? [...new Set(listed.flat())] : [] };
}

function listOurs(sample: Seedling, { reason, detail }: Verdict): readonly string[] {
  const evidence = collectEvidence(sample);
  const rows = OURS_STRICTER.filter((row) => row.reason === reason && row.detail.test(detail) && row.proof(evidence));
  return rows.map(({ id }) => id);
}

function listTheirs(sample: Seedling, peer: PeerName, { reason, detail }: Verdict): readonly string[] {
  const evidence = collectEvidence(sample);
  const rows = THEIRS_STRICTER.filter(
    (row) => row.peers.includes(peer) && row.reasons.includes(reason) && row.detail.test(detail) && row.proof(evidence),
  );
  return rows.map(({ id }) => id);
}
