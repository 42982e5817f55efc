import { exactText } from '../lib/numbers.js';
import { html } from '../ui.js';

const WIDTH = 120;
const HEIGHT = 26;
const MARGIN = 2;
/** Fewer values than these do not fill the width. */
const FEW = 30;

/**
 * A number over the last two minutes at most, from zero to the most that it was; the newest at the right.
 *
 * @param {{ values: readonly number[], label: string }} props
 */
export const Sparkline = ({ values, label }) => {
  const top = Math.max(1, ...values);
  const most = Math.max(FEW, values.length);
  const points = values.map((value, index) => [
    WIDTH - MARGIN - ((values.length - 1 - index) * (WIDTH - 2 * MARGIN)) / (most - 1),
    HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN),
  ]);
  const line = points.map(([x = 0, y = 0]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const [startX = 0] = points[0] ?? [];
  const [endX = 0, endY = 0] = points.at(-1) ?? [];
  return html`<svg
    class="sparkline"
    viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}
    role="img"
    aria-label=${`${label}: now ${exactText(values.at(-1) ?? 0)}, at most ${exactText(Math.max(0, ...values))}`}
  >
    ${
      points.length > 1 &&
      html`<polygon points=${`${startX.toFixed(1)},${HEIGHT} ${line} ${endX.toFixed(1)},${HEIGHT}`} />
        <polyline points=${line} />`
    }
    ${points.length > 0 && html`<circle cx=${endX} cy=${endY} r="2" />`}
  </svg>`;
};
