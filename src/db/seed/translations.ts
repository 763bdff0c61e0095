import type { Tx } from '#libs/database';

/** What the demo shop says in German. */
const LOCALE = 'de';

const CATEGORIES: Record<string, string> = {
  apparel: 'Kleidung', tops: 'Oberteile', bottoms: 'Hosen', outerwear: 'Jacken', accessories: 'Accessoires',
  home: 'Wohnen', lighting: 'Licht', 'bedding-bath': 'Bett & Bad', decor: 'Dekoration',
  kitchen: 'Küche', cookware: 'Töpfe & Pfannen', tableware: 'Geschirr', 'kitchen-tools': 'Küchenhelfer',
  'coffee-tea': 'Kaffee & Tee', coffee: 'Kaffee', tea: 'Tee', brewing: 'Zubereitung',
  books: 'Bücher', fiction: 'Romane', nonfiction: 'Sachbücher',
  outdoor: 'Draußen', camping: 'Camping', garden: 'Garten',
  stationery: 'Papeterie', notebooks: 'Notizbücher', writing: 'Schreiben',
}; // prettier-ignore

const COLLECTIONS: Record<string, string> = { bestsellers: 'Bestseller', 'gifts-under-30': 'Geschenke bis 30' };

const PRODUCTS: Record<string, readonly [title: string, description: string]> = {
  'house-blend-coffee': ['Hausmischung, ganze Bohne', '<p>Rund und süß, mit Noten von Kakao und Nuss. Frisch geröstet.</p>'],
  'pour-over-dripper': ['Handfilter', '<p>Für eine Tasse oder zwei, aus Keramik, die die Wärme hält.</p>'],
  'hand-coffee-grinder': ['Handkaffeemühle', '<p>Mahlt gleichmäßig, von fein bis grob.</p>'],
  'english-breakfast-tea': ['English-Breakfast-Tee', '<p>Kräftiger Schwarztee für den Morgen.</p>'],
  'organic-cotton-tee': ['T-Shirt aus Bio-Baumwolle', '<p>Weich, dicht gestrickt und für viele Jahre gemacht.</p>'],
  'ribbed-beanie': ['Gerippte Wollmütze', '<p>Warm und leicht, aus reiner Wolle.</p>'],
  'stoneware-mug': ['Steingutbecher', '<p>Von Hand glasiert, kein Becher gleicht dem anderen.</p>'],
  'cast-iron-skillet': ['Gusseiserne Pfanne', '<p>Wird mit jedem Braten besser.</p>'],
  'wool-throw-blanket': ['Wolldecke', '<p>Gewebt in einer kleinen Weberei.</p>'],
}; // prettier-ignore

const OPTIONS = [
  {
    name: 'Color',
    label: 'Farbe',
    values: [
      { value: 'White', label: 'Weiß' },
      { value: 'Black', label: 'Schwarz' },
      { value: 'Moss', label: 'Moos' },
      { value: 'Navy', label: 'Marineblau' },
      { value: 'Red', label: 'Rot' },
      { value: 'Oat', label: 'Hafer' },
      { value: 'Brick', label: 'Ziegel' },
      { value: 'Ash', label: 'Asche' },
      { value: 'Ocean', label: 'Ozean' },
      { value: 'Terracotta', label: 'Terrakotta' },
    ],
  },
  { name: 'Size', label: 'Größe', values: [] },
  { name: 'Diameter', label: 'Durchmesser', values: [] },
  { name: 'Length', label: 'Länge', values: [] },
];

/** Gives the demo shop a second language. Its rows of the read model are written afterwards. */
export async function seedTranslations(tx: Tx): Promise<void> {
  const texts: [table: string, kind: string, Record<string, readonly [title: string, description?: string]>][] = [
    ['categories', 'category', mapped(CATEGORIES)],
    ['collections', 'collection', mapped(COLLECTIONS)],
    ['products', 'product', PRODUCTS],
  ];
  for (const [table, kind, byHandle] of texts)
    await tx.query(
      `INSERT INTO ${kind}_translations (target_id, locale, title, description)
       SELECT t.id, $1, w.title, w.description
       FROM jsonb_to_recordset($2) AS w (handle text, title text, description text) JOIN ${table} t USING (handle)
       ON CONFLICT DO NOTHING`,
      [
        LOCALE,
        JSON.stringify(
          Object.entries(byHandle).map(([handle, [title, description]]) => ({ handle, title, description })),
        ),
      ],
    );
  await tx.query(`INSERT INTO option_translations (locale, options) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    LOCALE,
    JSON.stringify(OPTIONS),
  ]);
}

const mapped = (titles: Record<string, string>): Record<string, readonly [string]> =>
  Object.fromEntries(Object.entries(titles).map(([handle, title]) => [handle, [title]]));
