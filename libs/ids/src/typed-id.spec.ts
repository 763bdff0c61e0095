import { decodeId, encodeId, newUuid } from './index.js';

describe('typed ids', () => {
  it('encodes the valid examples of the TypeID specification', () => {
    expect(encodeId('product', '00000000-0000-0000-0000-000000000000')).toBe('prod_00000000000000000000000000');
    expect(encodeId('product', '00000000-0000-0000-0000-000000000001')).toBe('prod_00000000000000000000000001');
    expect(encodeId('product', '00000000-0000-0000-0000-000000000020')).toBe('prod_00000000000000000000000010');
    expect(encodeId('product', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('prod_01h455vb4pex5vsknk084sn02q');
  });
  it('round-trips and sorts by time', () => {
    const uuids = Array.from({ length: 10_000 }, () => newUuid());
    expect([...uuids].sort()).toEqual(uuids);
    expect(new Set(uuids).size).toBe(uuids.length);
    for (const uuid of uuids.slice(0, 500)) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(decodeId('order', encodeId('order', uuid))).toBe(uuid);
    }
  });
  it.each([
    'ord_',
    'var_01h455vb4pex5vsknk084sn02q',
    'prod_81h455vb4pex5vsknk084sn02q',
    'prod_01h455vb4pex5vsknk084sn02Q',
    7,
    null,
  ])('refuses %p as a product id', (id) => expect(decodeId('product', id)).toBeNull());
});
