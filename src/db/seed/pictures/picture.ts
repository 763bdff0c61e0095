import { createHash } from 'node:crypto';
import type { DemoProduct } from '../demo-product.js';
import { drawMotif } from './motifs.js';

const SIZE = 400;
const hsl = (hue: number, saturation: number, lightness: number) =>
  `hsl(${((hue % 360) + 360) % 360},${saturation}%,${lightness}%)`;
const escape = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/** The picture of a demo product: an SVG of simple shapes, always the same for the same product, different from all others. */
export function pictureOf(product: Pick<DemoProduct, 'handle' | 'title' | 'motif'>): string {
  const seed = createHash('sha256').update(product.handle).digest();
  const hue = ((seed[0]! << 8) | seed[1]!) % 360;
  const second = hue + 28 + (seed[2]! % 50);
  const palette = {
    main: hsl(hue + 180 + (seed[3]! % 40), 48, 52),
    dark: hsl(hue + 190, 42, 27),
    light: hsl(hue + 170, 55, 88),
    accent: hsl(hue + 220 + (seed[4]! % 80), 78, 64),
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" width="800" height="800" role="img" aria-labelledby="t">`,
    `<title id="t">${escape(product.title)}</title>`,
    `<defs><linearGradient id="g" gradientTransform="rotate(${seed[5]! % 90} .5 .5)">`,
    `<stop offset="0" stop-color="${hsl(hue, 62, 86)}"/><stop offset="1" stop-color="${hsl(second, 54, 70)}"/>`,
    `</linearGradient></defs><rect width="${SIZE}" height="${SIZE}" fill="url(#g)"/>`,
    background(seed, hsl(hue, 70, 95)),
    `<ellipse cx="200" cy="336" rx="116" ry="13" fill="${palette.dark}" opacity=".18"/>`,
    drawMotif(product.motif, palette),
    '</svg>',
  ].join('');
}

/** One of four calm backgrounds. */
function background(seed: Buffer, color: string): string {
  const x = 60 + (seed[7]! % 280);
  const y = 50 + (seed[8]! % 120);
  const shapes = [
    `<circle cx="${x}" cy="${y}" r="${90 + (seed[9]! % 70)}"/><circle cx="${SIZE - x}" cy="${SIZE - y}" r="58"/>`,
    `<path d="M0 ${240 + (seed[9]! % 60)} Q100 ${170 + (seed[10]! % 60)} 200 250 T400 230 V400 H0 Z"/>`,
    `<path d="M${x - 90} 0 H${x + 10} L${x - 150} 400 H${x - 250} Z"/><path d="M${x + 90} 0 H${x + 130} L${x - 30} 400 H${x - 70} Z"/>`,
    Array.from(
      { length: 25 },
      (_, i) => `<circle cx="${40 + (i % 5) * 80}" cy="${40 + Math.floor(i / 5) * 80}" r="7"/>`,
    ).join(''),
  ];
  return `<g fill="${color}" opacity=".45">${shapes[seed[6]! % shapes.length]}</g>`;
}
