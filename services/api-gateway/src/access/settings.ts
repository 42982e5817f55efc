import { isLoopbackHost, urlOf } from '@order-pipeline/service-kit';
import { z } from 'zod';

const CLAIM = /^[\x21-\x7e]{1,200}$/;
const claim = (name: string) => z.string().regex(CLAIM, 'must be the name of a claim').default(name);

/** How it is proved who asks. */
export const accessSettings = {
  /** `off`: everybody may ask everything, wherever the gateway listens. */
  AUTH: z.literal('off', { error: 'must be off, or not set' }).optional(),
  /** Whose tokens are taken: their claim `iss`, to the letter. */
  AUTH_ISSUER: urlOf('https:', 'http:').optional(),
  /** For whom they have to be issued: one of their claim `aud`. */
  AUTH_AUDIENCE: z.string().regex(CLAIM, 'must be an audience, without spaces').optional(),
  /** Where the issuer's keys are; unset: where the issuer's discovery document says. */
  AUTH_JWKS_URL: urlOf('https:', 'http:').optional(),
  AUTH_USER_CLAIM: claim('sub'),
  AUTH_SCOPE_CLAIM: claim('scope'),
  /** `on`: an issuer for trying things out on this machine; any user who can read DATA_DIR can sign its tokens. */
  AUTH_DEV_ISSUER: z.literal('on', { error: 'must be on, or not set' }).optional(),
  /** Where the key of the development issuer is. */
  DATA_DIR: z.string().default('.data'),
};

type AccessSettings = z.infer<z.ZodObject<typeof accessSettings>>;

/** The issuer of the tokens that are taken. */
export interface Issuer {
  /** The claim `iss` of its tokens. */
  readonly name: string;
  readonly audience: string;
  readonly userClaim: string;
  readonly scopeClaim: string;
}

/** Adds what is wrong with the settings together. */
export const checkAccessSettings = (settings: AccessSettings, context: z.RefinementCtx): void => {
  const problem = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (settings.AUTH_DEV_ISSUER !== undefined) {
    if (settings.AUTH_ISSUER !== undefined)
      problem(
        'AUTH_DEV_ISSUER',
        'cannot be on while AUTH_ISSUER is set: a process that reads DATA_DIR could act as any user',
      );
    if (settings.AUTH === 'off') problem('AUTH', 'cannot be off while AUTH_DEV_ISSUER is on');
  }
  if (settings.AUTH_ISSUER === undefined) {
    for (const name of ['AUTH_AUDIENCE', 'AUTH_JWKS_URL'] as const)
      if (settings[name] !== undefined) problem(name, 'means nothing without AUTH_ISSUER');
    return;
  }
  if (settings.AUTH === 'off') problem('AUTH', 'cannot be off while AUTH_ISSUER is set');
  if (settings.AUTH_AUDIENCE === undefined)
    problem('AUTH_AUDIENCE', 'must be set with AUTH_ISSUER: a token for somebody else must not be taken');
};

/** An issuer that runs elsewhere. */
export interface RemoteIssuer extends Issuer {
  /** Where its keys are; undefined: where its discovery document says. */
  readonly jwksUrl: string | undefined;
}

/** The issuer that the settings name, if they name one. */
export const issuerIn = (settings: AccessSettings): RemoteIssuer | undefined =>
  settings.AUTH_ISSUER === undefined || settings.AUTH_AUDIENCE === undefined
    ? undefined
    : {
        name: settings.AUTH_ISSUER,
        audience: settings.AUTH_AUDIENCE,
        jwksUrl: settings.AUTH_JWKS_URL,
        userClaim: settings.AUTH_USER_CLAIM,
        scopeClaim: settings.AUTH_SCOPE_CLAIM,
      };

/** Why the gateway must not be reached at this address or name of the machine, if it must not. */
export const refusalOfHost = (
  { AUTH, AUTH_ISSUER, AUTH_DEV_ISSUER }: AccessSettings,
  host: string,
): string | undefined => {
  if (isLoopbackHost(host)) return undefined;
  if (AUTH_DEV_ISSUER !== undefined)
    return 'AUTH_DEV_ISSUER cannot be on while HOST is not a loopback address: it is for trying things out on one machine';
  return AUTH === 'off' || AUTH_ISSUER !== undefined
    ? undefined
    : 'AUTH_ISSUER must be set while HOST is not a loopback address, or AUTH=off to let everybody ask everything';
};
