import { urlOf } from '@order-pipeline/service-kit';
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
};

type AccessSettings = z.infer<z.ZodObject<typeof accessSettings>>;

/** The issuer of the tokens that are taken. */
export interface Issuer {
  readonly url: string;
  readonly audience: string;
  readonly jwksUrl: string | undefined;
  readonly userClaim: string;
  readonly scopeClaim: string;
}

/** Adds what is wrong with the settings together. */
export const checkAccessSettings = (settings: AccessSettings, context: z.RefinementCtx): void => {
  const problem = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (settings.AUTH_ISSUER === undefined) {
    for (const name of ['AUTH_AUDIENCE', 'AUTH_JWKS_URL'] as const)
      if (settings[name] !== undefined) problem(name, 'means nothing without AUTH_ISSUER');
    return;
  }
  if (settings.AUTH === 'off') problem('AUTH', 'cannot be off while AUTH_ISSUER is set');
  if (settings.AUTH_AUDIENCE === undefined)
    problem('AUTH_AUDIENCE', 'must be set with AUTH_ISSUER: a token for somebody else must not be taken');
};

/** The issuer that the settings name, if they name one. */
export const issuerIn = (settings: AccessSettings): Issuer | undefined =>
  settings.AUTH_ISSUER === undefined || settings.AUTH_AUDIENCE === undefined
    ? undefined
    : {
        url: settings.AUTH_ISSUER,
        audience: settings.AUTH_AUDIENCE,
        jwksUrl: settings.AUTH_JWKS_URL,
        userClaim: settings.AUTH_USER_CLAIM,
        scopeClaim: settings.AUTH_SCOPE_CLAIM,
      };
