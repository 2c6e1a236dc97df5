import { type JsonObject, parseStrictJsonObject } from '../../src/jws/strict-json.js';
import { type JsonTexts, toJsonText } from './raw-token.js';

/** Makes what a rule gets to see of a header or payload: parsed from text as a token's would be. */
export function toJsonObject(members: JsonTexts): JsonObject {
  const object = parseStrictJsonObject(Buffer.from(toJsonText(members)));
  if (typeof object === 'string') throw new Error(`no such object comes out of a token: it ${object}`);
  return object;
}
