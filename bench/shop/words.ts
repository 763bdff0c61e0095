import type { Random } from '../random.js';

/** Words of a general store. Together they give some 100,000 titles, so 1,000 products look like a real catalog. */
const ADJECTIVES = [
  'Classic', 'Vintage', 'Modern', 'Organic', 'Lightweight', 'Waterproof', 'Handmade', 'Recycled', 'Foldable', 'Insulated',
  'Compact', 'Everyday', 'Alpine', 'Coastal', 'Nordic', 'Rustic', 'Quilted', 'Ribbed', 'Striped', 'Embroidered',
  'Seamless', 'Relaxed', 'Slim', 'Oversized', 'Reversible', 'Padded', 'Brushed', 'Polished', 'Weathered', 'Midnight',
  'Festival', 'Traveler', 'Weekend', 'Heritage', 'Artisan', 'Urban', 'Wild', 'Quiet', 'Golden', 'Portable',
]; // prettier-ignore
const MATERIALS = [
  'Cotton', 'Linen', 'Wool', 'Merino', 'Cashmere', 'Denim', 'Leather', 'Suede', 'Canvas', 'Silk', 'Velvet', 'Bamboo',
  'Ceramic', 'Porcelain', 'Glass', 'Copper', 'Brass', 'Steel', 'Oak', 'Walnut', 'Marble', 'Cork', 'Hemp', 'Fleece',
]; // prettier-ignore
const NOUNS: Record<string, readonly string[]> = {
  Clothing: ['Jacket', 'Sweater', 'Cardigan', 'Shirt', 'Blouse', 'Trousers', 'Skirt', 'Dress', 'Hoodie', 'Overcoat'],
  Shoes: ['Sneakers', 'Boots', 'Sandals', 'Loafers', 'Slippers', 'Clogs'],
  Accessories: ['Backpack', 'Wallet', 'Scarf', 'Gloves', 'Beanie', 'Belt', 'Umbrella', 'Sunglasses', 'Watch', 'Tote'],
  Kitchen: ['Teapot', 'Skillet', 'Mug', 'Carafe', 'Platter', 'Grinder', 'Kettle', 'Colander', 'Tray', 'Apron'],
  Home: ['Blanket', 'Cushion', 'Lantern', 'Vase', 'Candle', 'Rug', 'Curtain', 'Mirror', 'Basket', 'Clock'],
  Furniture: ['Stool', 'Bench', 'Bookcase', 'Armchair', 'Nightstand', 'Sideboard', 'Desk', 'Ottoman'],
  Garden: ['Planter', 'Trowel', 'Hammock', 'Birdhouse', 'Trellis', 'Hose', 'Wheelbarrow', 'Lounger'],
  Outdoors: ['Tent', 'Thermos', 'Headlamp', 'Compass', 'Kayak', 'Bivouac', 'Harness', 'Binoculars'],
  Toys: ['Puzzle', 'Kite', 'Marionette', 'Dominoes', 'Locomotive', 'Dollhouse'],
  Stationery: ['Notebook', 'Fountain Pen', 'Planner', 'Sketchbook', 'Bookmark', 'Envelope'],
};
const VENDORS = [
  'Alder & Ash', 'Bluebird', 'Castell', 'Dunmore', 'Eventide', 'Fennimore', 'Greyfriars', 'Harbour Lane', 'Ironwood', 'Juniper',
  'Kestrel', 'Lumen', 'Marlow', 'Northfold', 'Orchard', 'Pemberton',
]; // prettier-ignore
const COLORS = ['Black', 'Ivory', 'Navy', 'Olive', 'Rust', 'Sand', 'Teal', 'Plum', 'Charcoal', 'Mustard'];
const SENTENCES = [
  'Made in small batches and finished by hand.',
  'It only gets better with the years.',
  'Packed flat, without a gram of plastic.',
  'Tested on long walks through rain and wind.',
  'A quiet companion for every day of the week.',
  'Comes with a repair kit and instructions.',
  'Designed with people who use it from morning to night.',
  'Please wash it cold and dry it in the shade.',
];

export const CATEGORIES = Object.keys(NOUNS);
/** Different weights of products, in grams from 0. */
export const WEIGHTS = 5_000;
/** How many different ones there are. */
const NAMES = ADJECTIVES.length * MATERIALS.length * Object.values(NOUNS).flat().length;

/** A product before it has an id. */
export interface Ware {
  title: string;
  vendor: string;
  category: string;
  productType: string;
  tags: string[];
  descriptionHtml: string;
  colors: string[];
  /** Minor units. */
  price: number;
}

/** Made-up but plausible goods, no two with the same title. */
export function makeWares(count: number, random: Random): Ware[] {
  const wares = new Map<string, Ware>();
  while (wares.size < count) {
    const category = random.pick(CATEGORIES);
    const noun = random.pick(NOUNS[category]!);
    const material = random.pick(MATERIALS);
    const name = `${random.pick(ADJECTIVES)} ${material} ${noun}`;
    // From where most names are taken on, they are numbered.
    const title = wares.size < NAMES / 2 ? name : `${name} ${wares.size}`;
    if (wares.has(title)) continue;
    const sentences = Array.from({ length: 3 + random.below(3) }, () => random.pick(SENTENCES));
    const first = random.below(COLORS.length);
    wares.set(title, {
      title,
      vendor: random.pick(VENDORS),
      category,
      productType: noun,
      tags: [material.toLowerCase(), random.pick(ADJECTIVES).toLowerCase()],
      descriptionHtml: `<p>${title}. ${sentences.join(' ')}</p>`,
      colors: [0, 1, 2].map((i) => COLORS[(first + 3 * i) % COLORS.length]!),
      price: 500 + 100 * random.below(300) + 99,
    });
  }
  return [...wares.values()];
}

/** What shoppers type: words of titles, beginnings of words, two words, and typos. */
export function makeQueries(wares: readonly Ware[], count: number, random: Random): string[] {
  return Array.from({ length: count }, () => {
    const words = random.pick(wares).title.toLowerCase().split(' ');
    const word = random.pick(words);
    const kind = random.next();
    if (kind < 0.35) return word;
    if (kind < 0.5) return word.slice(0, Math.max(3, word.length - 2));
    if (kind < 0.8) return `${words[0]} ${words[words.length - 1]}`;
    return misspell(word, random);
  });
}

/** One slip of the finger: a letter left out, doubled, or two of them swapped. The first stays. */
function misspell(word: string, random: Random): string {
  if (word.length < 4) return word;
  const at = 1 + random.below(word.length - 2);
  const before = word.slice(0, at);
  switch (random.below(3)) {
    case 0:
      return before + word.slice(at + 1);
    case 1:
      return before + word[at] + word.slice(at);
    default:
      return before + word[at + 1]! + word[at]! + word.slice(at + 2);
  }
}
