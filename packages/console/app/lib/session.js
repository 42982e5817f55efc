/*
 * The one place that holds a token. It stays in this tab (sessionStorage) and is gone with it; where a browser keeps nothing, it
 * is held in memory. The name is what is written beside what an operator does.
 */

/** @typedef {'token' | 'operator'} Kept */

/** @type {Map<string, string>} */
const memory = new Map();

/** @param {Kept} name */
const keyOf = (name) => `order-pipeline.${name}`;

/**
 * @param {Kept} name
 * @returns {string} empty where nothing is kept
 */
export const kept = (name) => {
  try {
    return sessionStorage.getItem(keyOf(name)) ?? memory.get(name) ?? '';
  } catch {
    return memory.get(name) ?? '';
  }
};

/**
 * @param {Kept} name
 * @param {string} value empty forgets it
 */
export const keep = (name, value) => {
  memory.set(name, value);
  try {
    if (value === '') sessionStorage.removeItem(keyOf(name));
    else sessionStorage.setItem(keyOf(name), value);
  } catch {
    // It stays in memory.
  }
};
