/** Where uploaded and generated images are served; stored addresses of them begin with it. */
export const MEDIA_PATH = '/media/';

/** Turns our own image addresses inside a JSON text into full ones, so that a storefront elsewhere can show them. */
export function withFullMediaUrls(json: string, publicUrl: string): string {
  return json.replaceAll(`"${MEDIA_PATH}`, `"${publicUrl}${MEDIA_PATH}`);
}

/** The full address of one image. */
export function fullMediaUrl(url: string, publicUrl: string): string {
  return url.startsWith(MEDIA_PATH) ? `${publicUrl}${url}` : url;
}

/** The reverse of `fullMediaUrl`: our own images are stored without the address of the day. */
export function localMediaUrl(url: string, publicUrl: string): string {
  return url.startsWith(`${publicUrl}${MEDIA_PATH}`) ? url.slice(publicUrl.length) : url;
}

/** SQL: the address of the small version of image `i`, or of the image itself where there is none. */
export const THUMBNAIL_SQL = `coalesce(i.renditions -> 1 ->> 'url', i.renditions -> 0 ->> 'url', i.url)`;
