import {
  type IssuerRules,
  SHARED_RULE_READERS,
  type SharedRules,
  toIssuerRules,
} from '../../src/issuer/shared-rules.js';
import { readOptions } from '../../src/options/option-reader.js';

/** The rules of an issuer, with every default filled in. */
export function issuerRules(options: { readonly [Name in keyof SharedRules]?: unknown } = {}): IssuerRules {
  return toIssuerRules(readOptions(options, '', 'Give an object.', SHARED_RULE_READERS));
}
