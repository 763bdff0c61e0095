/** Things of the demo shop that the examples of the documentation name. */
export const EXAMPLE_PRODUCT_HANDLE = 'stoneware-mug';
export const EXAMPLE_CATEGORY_HANDLE = 'kitchen';
export const EXAMPLE_SEARCH = 'mug';
