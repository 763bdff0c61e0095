/** The category tree of the demo shop: handle, title and the categories inside. */
export const CATEGORIES: readonly {
  handle: string;
  title: string;
  description: string;
  children: [string, string][];
}[] = [
  {
    handle: 'apparel',
    title: 'Apparel',
    description: 'Clothes for every day, made to be worn for years.',
    children: [
      ['tops', 'Tops'],
      ['bottoms', 'Bottoms'],
      ['outerwear', 'Outerwear'],
      ['accessories', 'Accessories'],
    ],
  },
  {
    handle: 'home',
    title: 'Home',
    description: 'Light, warmth and things that are good to look at.',
    children: [
      ['lighting', 'Lighting'],
      ['bedding-bath', 'Bedding & Bath'],
      ['decor', 'Decor'],
    ],
  },
  {
    handle: 'kitchen',
    title: 'Kitchen',
    description: 'Tools that cooks reach for first.',
    children: [
      ['cookware', 'Cookware'],
      ['tableware', 'Tableware'],
      ['kitchen-tools', 'Tools'],
    ],
  },
  {
    handle: 'coffee-tea',
    title: 'Coffee & Tea',
    description: 'Beans, leaves and what it takes to brew them.',
    children: [
      ['coffee', 'Coffee'],
      ['tea', 'Tea'],
      ['brewing', 'Brewing'],
    ],
  },
  {
    handle: 'books',
    title: 'Books',
    description: 'A small shelf, chosen by people who read.',
    children: [
      ['fiction', 'Fiction'],
      ['nonfiction', 'Nonfiction'],
    ],
  },
  {
    handle: 'outdoor',
    title: 'Outdoor',
    description: 'For the garden, the trail and a night under the stars.',
    children: [
      ['camping', 'Camping'],
      ['garden', 'Garden'],
    ],
  },
  {
    handle: 'stationery',
    title: 'Stationery',
    description: 'Paper and ink for people who still write.',
    children: [
      ['notebooks', 'Notebooks'],
      ['writing', 'Writing'],
    ],
  },
];
