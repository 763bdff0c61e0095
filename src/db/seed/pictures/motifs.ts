/** The colors of one picture. */
export interface Palette {
  main: string;
  dark: string;
  light: string;
  accent: string;
}

const rect = (x: number, y: number, w: number, h: number, r: number, fill: string) =>
  `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${r}" fill="${fill}"/>`;
const circle = (x: number, y: number, r: number, fill: string) =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
const ellipse = (x: number, y: number, rx: number, ry: number, fill: string) =>
  `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;
const path = (d: string, fill: string) => `<path d="${d}" fill="${fill}"/>`;
const line = (d: string, stroke: string, width: number) =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;

/** What a picture shows, drawn on a square of 400 around its middle with plain shapes. */
const MOTIFS = {
  shirt: ({ main, dark, light }: Palette) =>
    path(
      'M140 110 L175 96 Q200 122 225 96 L260 110 L318 168 L284 204 L262 186 V306 H138 V186 L116 204 L82 168 Z',
      main,
    ) +
    line('M175 97 Q200 130 225 97', dark, 7) +
    line('M152 232 H248 M152 256 H248 M152 280 H248', light, 7),
  sweater: ({ main, dark, light }: Palette) =>
    path(
      'M146 112 Q200 134 254 112 L300 150 L326 286 L288 294 L262 208 V306 H138 V208 L112 294 L74 286 L100 150 Z',
      main,
    ) +
    rect(138, 288, 124, 24, 6, dark) +
    line('M160 118 Q200 142 240 118', dark, 10) +
    line('M150 190 L170 170 L190 190 L210 170 L230 190 L250 170', light, 7),
  trousers: ({ main, dark, light }: Palette) =>
    path('M146 94 H254 L276 312 H218 L200 178 L182 312 H124 Z', main) +
    rect(144, 88, 112, 24, 5, dark) +
    line('M200 112 V160 M160 124 Q162 152 146 156 M240 124 Q238 152 254 156', light, 5),
  jacket: ({ main, dark, light, accent }: Palette) =>
    path(
      'M150 100 L200 124 L250 100 L306 142 L322 270 L284 276 L266 196 V312 H134 V196 L116 276 L78 270 L94 142 Z',
      main,
    ) +
    path('M150 100 L200 124 L184 160 L140 118 Z', dark) +
    path('M250 100 L200 124 L216 160 L260 118 Z', dark) +
    line('M200 126 V310', light, 5) +
    rect(150, 236, 36, 40, 5, dark) +
    rect(214, 236, 36, 40, 5, dark) +
    circle(212, 190, 5, accent) +
    circle(212, 216, 5, accent),
  hat: ({ main, dark, light, accent }: Palette) =>
    path('M112 252 Q112 120 200 120 Q288 120 288 252 Z', main) +
    line('M156 148 V240 M200 126 V240 M244 148 V240', light, 6) +
    rect(100, 240, 200, 54, 20, dark) +
    circle(200, 112, 20, accent),
  ring: ({ main, dark, accent }: Palette) =>
    `<circle cx="200" cy="210" r="92" fill="none" stroke="${main}" stroke-width="32"/>` +
    rect(162, 90, 76, 58, 10, accent) +
    rect(178, 104, 44, 30, 5, dark),
  bag: ({ main, dark, light }: Palette) =>
    line('M150 180 V128 Q150 92 200 92 Q250 92 250 128 V180', dark, 13) +
    path('M112 166 H288 L304 312 H96 Z', main) +
    line('M132 286 H268', light, 6) +
    circle(150, 188, 7, light) +
    circle(250, 188, 7, light),
  lamp: ({ main, dark, light, accent }: Palette) =>
    path('M200 190 L110 330 H290 Z', 'rgba(255,244,200,.45)') +
    line('M200 70 V106', dark, 8) +
    path('M158 104 H242 L278 196 H122 Z', main) +
    ellipse(200, 197, 78, 13, light) +
    circle(200, 202, 19, accent) +
    rect(150, 318, 100, 14, 7, dark),
  candle: ({ main, dark, light, accent }: Palette) =>
    [132, 200, 268]
      .map(
        (x, i) =>
          rect(x - 17, 150 + i * 18, 34, 166 - i * 18, 8, i === 1 ? light : main) +
          line(`M${x} ${150 + i * 18} V${136 + i * 18}`, dark, 4) +
          path(
            `M${x} ${96 + i * 18} Q${x + 20} ${124 + i * 18} ${x} ${138 + i * 18} Q${x - 20} ${124 + i * 18} ${x} ${96 + i * 18} Z`,
            accent,
          ),
      )
      .join('') + rect(100, 308, 200, 16, 8, dark),
  blanket: ({ main, dark, light, accent }: Palette) =>
    rect(104, 228, 192, 62, 22, dark) +
    rect(104, 172, 192, 62, 22, main) +
    rect(104, 116, 192, 62, 22, light) +
    line('M128 147 H240', main, 6) +
    line('M128 203 H240', light, 6) +
    line('M128 259 H240', main, 6) +
    [120, 150, 180, 210, 240, 270].map((x) => line(`M${x} 290 V312`, accent, 6)).join(''),
  vase: ({ main, dark, light, accent }: Palette) =>
    line('M200 150 Q190 100 150 78 M200 150 Q206 104 242 70 M200 150 V66', dark, 5) +
    circle(148, 76, 15, accent) +
    circle(244, 68, 15, accent) +
    circle(200, 60, 18, light) +
    path('M178 144 H222 V176 Q276 206 264 270 Q258 316 230 324 H170 Q142 316 136 270 Q124 206 178 176 Z', main) +
    line('M142 250 Q200 272 258 250', light, 7),
  clock: ({ main, dark, light, accent }: Palette) =>
    circle(200, 202, 112, dark) +
    circle(200, 202, 98, main) +
    [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330]
      .map(
        (a) =>
          `<path d="M200 116 V130" stroke="${light}" stroke-width="6" stroke-linecap="round" transform="rotate(${a} 200 202)"/>`,
      )
      .join('') +
    line('M200 202 L158 176', light, 9) +
    line('M200 202 L246 148', accent, 7) +
    circle(200, 202, 10, light),
  pan: ({ main, dark, light }: Palette) =>
    path('M248 172 L352 106 L366 128 L262 200 Z', dark) +
    circle(176, 224, 104, dark) +
    circle(176, 224, 84, main) +
    line('M118 214 Q132 164 178 158', light, 9),
  mug: ({ main, dark, light }: Palette) =>
    line('M256 172 H284 Q316 172 316 214 Q316 256 270 256 H256', dark, 17) +
    path('M110 142 H258 V266 Q258 308 216 308 H152 Q110 308 110 266 Z', main) +
    ellipse(184, 143, 74, 17, dark) +
    line('M136 190 V250', light, 9) +
    line('M158 108 Q146 92 160 76 M204 108 Q192 92 206 76', light, 7),
  plate: ({ main, dark, light }: Palette) =>
    circle(200, 205, 124, light) +
    circle(200, 205, 110, main) +
    circle(200, 205, 72, light) +
    circle(200, 205, 66, main) +
    line('M60 120 V290 M48 120 V160 Q60 180 72 160 V120', dark, 7) +
    line('M344 120 Q318 150 330 200 H344 V290', dark, 7),
  board: ({ main, dark, light }: Palette) =>
    rect(182, 64, 36, 80, 18, main) +
    circle(200, 86, 8, dark) +
    rect(116, 124, 168, 204, 34, main) +
    line(
      'M144 164 Q176 208 148 288 M180 150 Q214 216 184 306 M222 150 Q254 216 226 306 M252 164 Q270 220 254 288',
      light,
      5,
    ),
  knife: ({ main, dark, light, accent }: Palette) =>
    path('M62 214 Q170 118 268 166 L262 214 Z', light) +
    path('M62 214 H262 L264 204 Q160 194 62 214 Z', main) +
    rect(258, 170, 20, 46, 5, accent) +
    rect(276, 174, 78, 36, 14, dark) +
    circle(298, 192, 5, accent) +
    circle(330, 192, 5, accent),
  coffee: ({ main, dark, light, accent }: Palette) =>
    path('M132 112 H268 L282 324 H118 Z', main) +
    path('M132 112 L144 82 H256 L268 112 Z', dark) +
    circle(200, 214, 54, light) +
    `<g transform="rotate(28 200 214)">${ellipse(200, 214, 24, 36, dark)}${line('M200 182 Q186 214 200 246', accent, 5)}</g>` +
    line('M150 296 H250', light, 6),
  tea: ({ main, dark, light, accent }: Palette) =>
    rect(126, 128, 148, 190, 18, main) +
    rect(118, 96, 164, 46, 14, dark) +
    rect(126, 178, 148, 88, 0, light) +
    path('M200 254 Q158 224 200 188 Q242 224 200 254 Z', accent) +
    line('M200 254 V204', dark, 5),
  dripper: ({ main, dark, light, accent }: Palette) =>
    path('M116 112 H284 L232 214 H168 Z', main) +
    line('M148 128 L182 202 M200 126 V204 M252 128 L218 202', light, 6) +
    rect(136, 210, 128, 17, 8, dark) +
    circle(200, 246, 6, accent) +
    path('M148 254 H252 L262 322 H138 Z', light) +
    path('M143 290 H257 L262 322 H138 Z', dark),
  teapot: ({ main, dark, light }: Palette) =>
    line('M266 200 Q330 190 322 246 Q316 286 258 280', dark, 15) +
    path('M140 222 Q96 214 76 160 L98 152 Q118 190 152 190 Z', main) +
    ellipse(200, 242, 86, 72, main) +
    rect(152, 162, 96, 19, 9, dark) +
    circle(200, 150, 14, dark) +
    line('M148 232 Q156 196 192 188', light, 8),
  book: ({ main, dark, light, accent }: Palette) =>
    path('M118 92 H268 Q286 92 286 110 V300 H136 Q118 300 118 318 Z', main) +
    path('M118 318 Q118 300 136 300 H286 V326 H136 Q118 326 118 318 Z', light) +
    rect(118, 92, 20, 210, 0, dark) +
    circle(212, 172, 36, accent) +
    line('M164 238 H260 M180 260 H244', light, 8),
  download: ({ main, dark, light, accent }: Palette) =>
    rect(122, 80, 156, 244, 20, dark) +
    rect(136, 98, 128, 196, 6, light) +
    line('M160 130 H240 M160 152 H240 M160 174 H214', main, 7) +
    line('M200 200 V262 M172 236 L200 264 L228 236', accent, 12) +
    circle(200, 309, 7, light),
  notebook: ({ main, dark, light, accent }: Palette) =>
    rect(116, 86, 170, 236, 14, main) +
    rect(116, 86, 34, 236, 14, dark) +
    rect(252, 86, 11, 236, 0, accent) +
    rect(166, 132, 70, 46, 5, light) +
    line('M178 150 H224', main, 5),
  pen: ({ main, dark, light, accent }: Palette) =>
    `<g transform="rotate(45 200 200)">${rect(178, 58, 44, 172, 16, main)}${rect(178, 58, 44, 62, 16, dark)}${rect(178, 214, 44, 20, 3, accent)}${path('M182 234 H218 L200 318 Z', light)}${line('M200 262 V306', dark, 4)}${rect(214, 72, 10, 74, 4, accent)}</g>` +
    line('M84 324 Q120 300 152 322 T216 318', dark, 6),
  card: ({ main, dark, light, accent }: Palette) =>
    `<g transform="rotate(-7 200 200)">${rect(90, 122, 220, 152, 10, main)}${line('M94 128 L200 212 L306 128', dark, 8)}</g>` +
    `<g transform="rotate(6 220 230)">${rect(142, 186, 176, 118, 8, light)}${path('M230 284 Q186 254 206 230 Q222 218 230 236 Q238 218 254 230 Q274 254 230 284 Z', accent)}</g>`,
  tent: ({ main, dark, light, accent }: Palette) =>
    circle(300, 104, 25, accent) +
    path('M200 104 L340 310 H60 Z', main) +
    path('M200 104 L248 310 H152 Z', dark) +
    path('M200 148 L200 310 H164 Z', light) +
    line('M44 312 H356', dark, 8),
  bottle: ({ main, dark, light }: Palette) =>
    rect(172, 66, 56, 42, 10, dark) +
    path(
      'M178 104 H222 V132 Q258 144 258 184 V304 Q258 324 238 324 H162 Q142 324 142 304 V184 Q142 144 178 132 Z',
      main,
    ) +
    rect(142, 216, 116, 54, 0, light) +
    line('M162 172 V202', light, 9),
  trowel: ({ main, dark, light }: Palette) =>
    `<g transform="rotate(38 200 200)">${rect(182, 58, 36, 104, 17, main)}${rect(192, 156, 16, 44, 0, dark)}${path('M156 200 H244 Q250 284 200 340 Q150 284 156 200 Z', light)}${line('M200 216 V306', dark, 5)}</g>`,
  plant: ({ main, dark, light, accent }: Palette) =>
    path('M200 226 Q128 220 106 142 Q186 142 200 226 Z', accent) +
    path('M200 226 Q272 210 296 128 Q212 134 200 226 Z', light) +
    path('M200 230 Q164 156 200 82 Q236 156 200 230 Z', accent) +
    path('M130 236 H270 L250 324 H150 Z', main) +
    rect(120, 220, 160, 30, 8, dark),
} as const;

/** What a picture can show. */
export type Motif = keyof typeof MOTIFS;

/** The shapes of a motif in these colors. */
export function drawMotif(motif: Motif, palette: Palette): string {
  return MOTIFS[motif](palette);
}
