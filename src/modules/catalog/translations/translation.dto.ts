import { ApiProperty } from '@nestjs/swagger';
import { ObjectArray, Opt, Text } from '#libs/http';
import type { Texts } from './texts.js';

const TITLE = { example: 'Hausmischung', pattern: /\S/, nullable: true };
const FALLBACK = 'null or left out: as the wider language says it, or the original';

/** What a product or collection says in one language. */
export class TranslationRequest {
  @Text(255, Opt({ ...TITLE, description: FALLBACK }))
  title?: string | null;
  @Text(100_000, Opt({ nullable: true, example: '<p>Rund, mit Noten von Kakao.</p>', description: 'harmless HTML' }))
  descriptionHtml?: string | null;
  @Text(255, Opt({ nullable: true, example: null, description: 'for search engines' }))
  seoTitle?: string | null;
  @Text(500, Opt({ nullable: true, example: null, description: 'for search engines' }))
  seoDescription?: string | null;
}

/** What a category says in one language. */
export class CategoryTranslationRequest {
  @Text(255, Opt({ ...TITLE, example: 'Kaffee', description: FALLBACK }))
  title?: string | null;
  @Text(20_000, Opt({ nullable: true, example: null }))
  description?: string | null;
  @Text(255, Opt({ nullable: true, example: null, description: 'for search engines' }))
  seoTitle?: string | null;
  @Text(500, Opt({ nullable: true, example: null, description: 'for search engines' }))
  seoDescription?: string | null;
}

/** What a product or collection says in one language; null: as the wider language says it, or the original. */
export class TranslationResponse {
  @ApiProperty({ example: 'de' })
  locale: string;
  @ApiProperty({ type: String, nullable: true })
  title: string | null;
  @ApiProperty({ type: String, nullable: true })
  descriptionHtml: string | null;
  @ApiProperty({ type: String, nullable: true })
  seoTitle: string | null;
  @ApiProperty({ type: String, nullable: true })
  seoDescription: string | null;

  static from({ locale, title, description, seoTitle, seoDescription }: Texts & { locale: string }) {
    return { locale, title, descriptionHtml: description, seoTitle, seoDescription };
  }
}

/** What a category says in one language. */
export class CategoryTranslationResponse {
  @ApiProperty({ example: 'de' })
  locale: string;
  @ApiProperty({ type: String, nullable: true })
  title: string | null;
  @ApiProperty({ type: String, nullable: true })
  description: string | null;
  @ApiProperty({ type: String, nullable: true })
  seoTitle: string | null;
  @ApiProperty({ type: String, nullable: true })
  seoDescription: string | null;

  static from({ locale, title, description, seoTitle, seoDescription }: Texts & { locale: string }) {
    return { locale, title, description, seoTitle, seoDescription };
  }
}

export class OptionValueLabelDto {
  @Text(255, { example: 'Red' })
  value: string;
  @Text(255, { example: 'Rot', pattern: /\S/ })
  label: string;
}

/** What an option and its values are called. */
export class OptionLabelsDto {
  @Text(255, { example: 'Color' })
  name: string;
  @Text(255, { example: 'Farbe', pattern: /\S/ })
  label: string;
  @ObjectArray(() => OptionValueLabelDto, 200, { example: [{ value: 'Red', label: 'Rot' }] })
  values: OptionValueLabelDto[];
}

/** The dictionary of options of one language, all of it. */
export class OptionTranslationsRequest {
  @ObjectArray(() => OptionLabelsDto, 100, {
    example: [{ name: 'Color', label: 'Farbe', values: [{ value: 'White', label: 'Weiß' }] }],
  })
  options: OptionLabelsDto[];
}

/** The dictionary of options of one language. */
export class OptionTranslationsResponse {
  @ApiProperty({ example: 'de' })
  locale: string;
  @ApiProperty({ type: [OptionLabelsDto] })
  options: OptionLabelsDto[];
  @ApiProperty({ type: 'integer', description: 'as in the ETag; 0: nothing was ever written' })
  version: number;
}
