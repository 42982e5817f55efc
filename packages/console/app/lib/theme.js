/** @typedef {'auto' | 'light' | 'dark'} Theme */

const KEY = 'order-pipeline.theme';
/** @type {readonly Theme[]} */
export const THEMES = ['auto', 'light', 'dark'];

/** @returns {Theme} */
export const readTheme = () => {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  } catch {
    return 'auto';
  }
};

/** @param {Theme} theme auto: as the system has it */
export const applyTheme = (theme) => {
  document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page.
  }
};
