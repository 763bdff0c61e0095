import type { AppError } from '#libs/errors';
import { type AttributeChanges, type AttributeRule, changedValues } from './attribute-values.js';

const RULES = new Map<string, AttributeRule>(
  (
    [
      { key: 'roast', type: 'choice', choices: ['Light', 'Dark'] },
      { key: 'capacity_ml', type: 'number', choices: [] },
      { key: 'organic', type: 'boolean', choices: [] },
      { key: 'material', type: 'text', choices: [] },
    ] as const
  ).map((rule) => [rule.key, rule]),
);

const pointersOf = (changes: AttributeChanges) => {
  try {
    changedValues({}, changes, RULES);
  } catch (error) {
    return (error as AppError).details.errors?.map(({ pointer, code }) => `${pointer} ${code}`);
  }
  return [];
};

describe('values of attributes', () => {
  it('are put beside those that are there, taken off by null, and kept as the shop writes them', () => {
    expect(
      changedValues(
        { material: 'Clay', organic: true },
        { roast: ' dark', capacity_ml: -0, organic: null, material: ' Oak ' },
        RULES,
      ),
    ).toEqual({ material: 'Oak', roast: 'Dark', capacity_ml: 0 });
    expect(changedValues({ material: 'Clay' }, { organic: null }, RULES)).toEqual({ material: 'Clay' });
  });

  it.each<[AttributeChanges, string[]]>([
    [{ weight: 1 }, ['/attributes/weight unknown_attribute']],
    [{ 'a/b~c': null }, ['/attributes/a~1b~0c unknown_attribute']],
    [
      { roast: 'Medium', capacity_ml: '350', organic: 'true', material: 3 },
      ['roast', 'capacity_ml', 'organic', 'material'].map((key) => `/attributes/${key} invalid_value`),
    ],
    [{ capacity_ml: 1e13 }, ['/attributes/capacity_ml invalid_value']],
    [{ capacity_ml: 0.0000001 }, ['/attributes/capacity_ml invalid_value']],
    [{ capacity_ml: 12.000001 }, []],
    [{ material: '  ' }, ['/attributes/material invalid_value']],
    [{ roast: 1 }, ['/attributes/roast invalid_value']],
  ])('%j → %j', (changes, expected) => expect(pointersOf(changes)).toEqual(expected));
});
