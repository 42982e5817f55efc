export { DevKeyError, openDevKey, readDevKey, type DevKey } from './key-file.ts';
export { DEV_AUDIENCE, DEV_ISSUER, MAX_TOKEN_LIFE_S, signDevToken, type DevClaims } from './tokens.ts';
