import htm from 'htm';
import { h } from 'preact';

/** @import { VNode } from 'preact' */

export { render } from 'preact';
export { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => VNode} */
export const html = /** @type {any} */ (htm.bind(/** @type {any} */ (h)));
