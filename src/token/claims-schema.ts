import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import type { SchemaResult, StandardSchema } from '../protocol/standard-schema.js';
import type { JsonObject } from '../protocol/strict-json.js';

const MOST_ISSUES_TOLD = 5;

/**
 * Validates claims with the user's schema and lays its output over them. The result is frozen and has no
 * prototype, so that a claim's name never meets `Object.prototype`.
 */
export function applyClaimsSchema(
  payload: JsonObject,
  schema: StandardSchema | undefined,
): MaybePromise<JsonObject | Refusal> {
  return schema === undefined ? payload : validate(payload, schema);
}

async function validate(payload: JsonObject, schema: StandardSchema): Promise<JsonObject | Refusal> {
  const claims: Record<string, unknown> = Object.assign(Object.create(null), payload);
  let result: SchemaResult<unknown>;
  try {
    result = await schema['~standard'].validate({ ...payload });
  } catch (cause) {
    return new Refusal('claims_schema_failed', 'it threw', { cause });
  }
  try {
    return layOver(claims, result);
  } catch (cause) {
    return new Refusal('claims_schema_failed', 'it gave a result that is not of Standard Schema', { cause });
  }
}

function layOver(claims: Record<string, unknown>, result: SchemaResult<unknown> | undefined): JsonObject | Refusal {
  if (result?.issues !== undefined) return new Refusal('claims_rejected', describeIssues(result.issues));
  const output: unknown = result?.value;
  if (typeof output !== 'object' || output === null || Array.isArray(output)) {
    return new Refusal('claims_schema_failed', 'it gave no object');
  }
  return freezePlain(Object.assign(claims, output), new Set());
}

function describeIssues(issues: Extract<SchemaResult<unknown>, { issues: object }>['issues']): string {
  const told = issues.slice(0, MOST_ISSUES_TOLD).map(({ message, path = [] }) => {
    const names = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
    return `${names.length === 0 ? 'claims' : names.join('.')}: ${message}`;
  });
  return quoteUntrusted(told.join('; '));
}

/** Freezes objects and arrays all the way down. Dates, maps and instances of classes stay as they are. */
function freezePlain<T extends object>(value: T, seen: Set<object>): T {
  if (seen.has(value)) return value;
  seen.add(value);
  for (const member of Object.values(value)) {
    if (typeof member !== 'object' || member === null) continue;
    const prototype: unknown = Object.getPrototypeOf(member);
    if (Array.isArray(member) || prototype === Object.prototype || prototype === null) freezePlain(member, seen);
  }
  return Object.freeze(value);
}
