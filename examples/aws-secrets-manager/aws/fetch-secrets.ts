import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

type Client = Pick<SecretsManagerClient, 'send'>;
type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

interface Version {
  readonly id: string | undefined;
  readonly value: string | Uint8Array;
}

/**
 * Fetches the secret of a name or ARN as it is and as it was before the last rotation, in this order. Needs the
 * permission secretsmanager:GetSecretValue.
 */
export async function fetchSecrets(client: Client, secretId: string): Promise<readonly (string | Uint8Array)[]> {
  const current = await fetchVersion(client, secretId, 'AWSCURRENT');
  const previous = await fetchVersion(client, secretId, 'AWSPREVIOUS').catch(undefinedIfNotFound);
  if (previous === undefined) return [current.value];
  if (previous.id !== current.id) return [current.value, previous.value];
  // Rotated between the two questions: what was current then is the previous one by now.
  return [(await fetchVersion(client, secretId, 'AWSCURRENT')).value, previous.value];
}

async function fetchVersion(client: Client, SecretId: string, VersionStage: Stage): Promise<Version> {
  const { VersionId, SecretString, SecretBinary } = await client.send(
    new GetSecretValueCommand({ SecretId, VersionStage }),
  );
  const value = SecretString ?? SecretBinary;
  if (value === undefined) throw new Error(`${VersionStage} of ${SecretId} is empty`);
  return { id: VersionId, value };
}

/** A secret that was never rotated has no AWSPREVIOUS. By its name: statuses differ between AWS and its emulators. */
function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
  throw error;
}
