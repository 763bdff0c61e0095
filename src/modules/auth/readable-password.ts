import { randomInt } from 'node:crypto';

/** 256 short words that are easy to tell apart: 8 bits each. */
export const WORDS: readonly string[] = (
  'acorn agile alpine amber anchor apple apron arctic arrow aspen atlas aunt autumn bagel bakery balsa bamboo banjo ' +
  'barley basil basket beacon beaver beetle berry birch bison blanket blossom bonnet bottle boulder branch brass bread ' +
  'breeze brick bridge bronze brook broom bucket buffalo button cabin cactus camel camera candle canoe canvas canyon ' +
  'carpet carrot cashew castle cedar celery cello chalk cherry chess chimney cider cinnamon citrus clarinet clay cliff ' +
  'clover cobalt coconut comet compass copper coral cotton cradle crane crater cricket crimson crystal curtain ' +
  'cypress dahlia daisy dawn desert dolphin donkey drum dune eagle easel ebony echo elbow elm ember emerald engine ' +
  'fabric feather fennel fern ferry fiddle fig finch fjord flannel flute forest fossil fountain fox galaxy garden garlic ' +
  'gazelle geyser ginger glacier glove goose granite grape gravel guitar hammer hammock harbor harp hazel hedge heron ' +
  'hickory honey hornet iceberg igloo indigo iris island ivory ivy jacket jaguar jasmine jelly jigsaw juniper kayak ' +
  'kettle kite kiwi koala ladder lagoon lantern larch lattice laurel lavender lemon lentil lichen lilac lime linen lizard ' +
  'llama lobster lotus lumber lynx magnet magnolia mango maple marble meadow melon meteor mint mirror mitten moose ' +
  'mosaic moss mountain mulberry mustard napkin nectar needle nickel nutmeg oak oasis oboe ocean olive onion opal orange ' +
  'orchard orchid otter owl oyster paddle panda papaya paper parrot pasta peach pear pebble pecan pelican pencil penguin ' +
  'pepper piano pillow pine planet plum polar pond poplar prairie prism puffin pumpkin quail quartz quilt rabbit radish ' +
  'raft rainbow raven reef ribbon river robin rocket rose saddle saffron sailor salmon'
).split(' ');

/** A password to be read from a terminal and typed: five words and three digits, 50 random bits. */
export function readablePassword(): string {
  const words = Array.from({ length: 5 }, () => WORDS[randomInt(WORDS.length)]!);
  return [...words, String(randomInt(1000)).padStart(3, '0')].join('-');
}
