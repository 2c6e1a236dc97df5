// What is used of the AWS SDK, so that types are checked without it being installed. Not needed where it is.

declare module '@aws-sdk/client-secrets-manager' {
  interface Output {
    readonly VersionId?: string;
    readonly SecretString?: string;
    readonly SecretBinary?: Uint8Array;
  }
  interface Config {
    readonly region: string;
    readonly endpoint?: string;
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  }
  class Command<Input> {
    constructor(input: Input);
    readonly input: Input;
  }
  export class GetSecretValueCommand extends Command<{ readonly SecretId: string; readonly VersionStage?: string }> {}
  export class CreateSecretCommand extends Command<{ readonly Name: string; readonly SecretString: string }> {}
  export class PutSecretValueCommand extends Command<{ readonly SecretId: string; readonly SecretString: string }> {}
  export class SecretsManagerClient {
    constructor(config: Config);
    send(command: GetSecretValueCommand | CreateSecretCommand | PutSecretValueCommand): Promise<Output>;
    destroy(): void;
  }
}
