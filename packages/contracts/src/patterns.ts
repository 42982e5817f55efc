import { ORDER_PATH_WORDS } from './paths.ts';

/*
 * Every pattern takes time in proportion to the text at most, whatever the text; a test holds each to it. They are
 * ECMA-262 with the flag `u`, as JSON Schema has it.
 */

const ID_CHARACTERS = '[A-Za-z0-9._:-]{1,128}';
const ID_RULE = 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -';

/** An id that may be known: what is stored is readable, whatever the rule for new ones is. */
export const ID = `^${ID_CHARACTERS}$`;

/** What user agents take for a folder of the path, encoded or not, before they ask (RFC 3986, 5.2.4). */
const DOT_SEGMENTS = ['.', '..'] as const;

const idExcept = (words: readonly string[]): string =>
  `^(?!(?:${words.map((word) => word.replaceAll('.', '\\.')).join('|')})$)${ID_CHARACTERS}$`;
const ruleExcept = (words: readonly string[]): string =>
  `${ID_RULE}, but not ${words.slice(0, -1).join(' ')} or ${words.at(-1) ?? ''}, which have a meaning of their own in a path`;

/** An id that a client chooses for something new. */
export const NEW_ID = idExcept(DOT_SEGMENTS);

const NOT_FOR_ORDERS = [...DOT_SEGMENTS, ...ORDER_PATH_WORDS];
export const NEW_ORDER_ID = idExcept(NOT_FOR_ORDERS);

/** An actor as services pass it on: base64url, or a word. */
export const ACTOR = '^[A-Za-z0-9_-]{1,4096}$';

/** The longest text that clients send, in code points. */
export const MAX_TEXT_LENGTH = 200;

const VISIBLE = '[^\\p{C}\\p{Z}\\p{Default_Ignorable_Code_Point}]';
// Letters, marks, numbers, signs, and those format characters that are seen, as the Arabic number sign is.
const IN_WORDS = '(?:[^\\p{C}\\p{Z}]|(?!\\p{Default_Ignorable_Code_Point})\\p{Cf})';

/**
 * Text in any script, of which something can be seen. Joiners follow what they join, as Persian, Indic scripts and emoji
 * need it. It has no control or format characters besides, which turn or hide text: bidirectional controls, zero-width
 * spaces, tags; no halves of surrogate pairs, and nothing unassigned or private, of which nobody knows what it shows.
 * What is assigned is what the Unicode version of Node knows. Its length comes first, so a long text costs nothing.
 */
export const TEXT = `^(?=.{1,${MAX_TEXT_LENGTH}}$)(?=.*${VISIBLE})(?:${IN_WORDS}\\p{Join_Control}*|\\p{Zs})*$`;

/** A reservation's own id, which the inventory service makes. */
export const RESERVATION_ID = '^[A-Za-z0-9._:-]{1,64}$';

export const CURSOR = '^(?:0|[1-9a-z][0-9a-z]{0,9})$';

/** The same, or where a list of orders that wait continues: since when the last one does, and its sequence number. */
export const WAITING_CURSOR = '^(?:0|[1-9a-z][0-9a-z]{0,9})(?:-(?:0|[1-9a-z][0-9a-z]{0,9}))?$';

/** What an operator did, by its time. */
export const ACTION_ID = '^[0-9a-f]{12}-[0-9a-f]{12}-[0-9]{1,12}$';

/** Of a message in its partition. */
export const OFFSET = '^[0-9]{1,18}$';

/** As a token, or as the quoted string of draft-ietf-httpapi-idempotency-key-header; both name the same key. */
export const IDEMPOTENCY_KEY = '^(?:[A-Za-z0-9._:-]{1,128}|"[A-Za-z0-9._:-]{1,128}")$';

/** What each pattern asks for, in words for the one whose input does not match it. */
export const PATTERN_RULES: Readonly<Record<string, string>> = {
  [ID]: ID_RULE,
  [NEW_ID]: ruleExcept(DOT_SEGMENTS),
  [NEW_ORDER_ID]: ruleExcept(NOT_FOR_ORDERS),
  [RESERVATION_ID]: 'must be the id of a reservation',
  [TEXT]:
    'must be text that can be read, without control, direction, tag, private or unassigned characters, and not only spaces',
  [CURSOR]: 'must be a cursor from the Link header of the page before',
  [WAITING_CURSOR]: 'must be a cursor from the Link header of the page before',
  [ACTION_ID]: 'must be a cursor from the Link header of the page before',
  [OFFSET]: 'must be the offset of a message, in digits',
  [ACTOR]: 'must say who asks, as services say it',
  [IDEMPOTENCY_KEY]: `${ID_RULE}, with or without double quotes around them`,
};
