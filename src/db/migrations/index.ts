import { Foundations1790000000001 } from './1790000000001-foundations.js';
import { Catalog1790000000002 } from './1790000000002-catalog.js';
import { Inventory1790000000003 } from './1790000000003-inventory.js';
import { Sales1790000000004 } from './1790000000004-sales.js';
import { OpenCarts1790000000005 } from './1790000000005-open-carts.js';
import { PaymentHolds1790000000006, PaymentLife1790000000006 } from './1790000000006-payment-life.js';
import { Ledger1790000000007 } from './1790000000007-ledger.js';
import { Access1790000000008, AccessTriggers1790000000008 } from './1790000000008-access.js';
import { AccountIndexes1790000000008, Accounts1790000000008 } from './1790000000008-accounts.js';
import { SavedCards1790000000009 } from './1790000000009-saved-cards.js';
import { QuietStock1790000000010 } from './1790000000010-quiet-stock.js';
import { StripePayments1790000000011 } from './1790000000011-stripe-payments.js';
import { CustomerDesk1790000000012 } from './1790000000012-customer-desk.js';
import { PublishableKeys1790000000012 } from './1790000000012-publishable-keys.js';
import { TwoFactor1790000000012 } from './1790000000012-two-factor.js';
import { AuditOfTheSystem1790000000013, Identities1790000000013 } from './1790000000013-doors.js';
import { PriceColumns1790000000014, PriceFunctions1790000000014, Prices1790000000014 } from './1790000000014-prices.js';
import { Promotions1790000000015, PromotionsOfOrders1790000000015 } from './1790000000015-promotions.js';
import { Credits1790000000016 } from './1790000000016-credits.js';
import { Downloads1790000000017 } from './1790000000017-downloads.js';
import { Exports1790000000017 } from './1790000000017-exports.js';
import { Shipping1790000000017 } from './1790000000017-shipping.js';
import { Voices1790000000018, VoicesLinks1790000000018 } from './1790000000018-voices.js';
import { Renditions1790000000019 } from './1790000000019-renditions.js';
import { CollectionLinks1790000000020, Collections1790000000020 } from './1790000000020-collections.js';
import { PriceListFiles1790000000021 } from './1790000000021-price-list-files.js';
import { StaffMoves1790000000022 } from './1790000000022-staff-moves.js';
import { BundleColumns1790000000023, Bundles1790000000023 } from './1790000000023-bundles.js';
import {
  Translations1790000000024,
  TranslationsLinks1790000000024,
  Words1790000000024,
  WordsLinks1790000000024,
} from './1790000000024-words.js';
import { AttributeColumns1790000000025, Attributes1790000000025, Shelf1790000000025 } from './1790000000025-shelf.js';
import { Forfeits1790000000026, Sums1790000000026 } from './1790000000026-sums.js';
import { Cancellations1790000000027 } from './1790000000027-cancellations.js';
import { Uses1790000000028 } from './1790000000028-uses.js';
import { GiftCardMoney1790000000030 } from './1790000000030-gift-card-money.js';
import { LateSales1790000000032 } from './1790000000032-late-sales.js';
import { FoundByName1790000000033 } from './1790000000033-found-by-name.js';
import { KeptAnswers1790000000035 } from './1790000000035-kept-answers.js';
import { LinksAfterCodes1790000000036 } from './1790000000036-links-after-codes.js';
import { Recipients1790000000037 } from './1790000000037-recipients.js';
import { AuditedParts1790000000038 } from './1790000000038-audited-parts.js';
import { KeyGenerations1790000000043 } from './1790000000043-key-generations.js';
import { CutOffCancellations1790000000044 } from './1790000000044-cut-off-cancellations.js';
import { LoginFailures1790000000046 } from './1790000000046-login-failures.js';
import { SuggestedWords1790000000048 } from './1790000000048-suggested-words.js';
import { FacetCounts1790000000049 } from './1790000000049-facet-counts.js';
import { CountsOfNobody1790000000051, OrderLinks1790000000051 } from './1790000000051-counts-of-nobody.js';
import { FoundAgain1790000000052 } from './1790000000052-found-again.js';
import { RecountsInTurn1790000000053 } from './1790000000053-recounts-in-turn.js';
import { CollectionsByTitle1790000000054, WordsAtOnce1790000000054 } from './1790000000054-collections-by-title.js';
import { NumbersOfAttributes1790000000055 } from './1790000000055-numbers-of-attributes.js';
import { HashesOfPublishableKeys1790000000056 } from './1790000000056-hashes-of-publishable-keys.js';
import { NarrowFacets1790000000057 } from './1790000000057-narrow-facets.js';
import { SoundRows1790000000058 } from './1790000000058-sound-rows.js';

/** In the order in which they run. */
export const migrations = [
  Foundations1790000000001,
  Catalog1790000000002,
  Inventory1790000000003,
  Sales1790000000004,
  OpenCarts1790000000005,
  PaymentLife1790000000006,
  PaymentHolds1790000000006,
  Ledger1790000000007,
  Accounts1790000000008,
  AccountIndexes1790000000008,
  Access1790000000008,
  AccessTriggers1790000000008,
  SavedCards1790000000009,
  QuietStock1790000000010,
  StripePayments1790000000011,
  TwoFactor1790000000012,
  CustomerDesk1790000000012,
  PublishableKeys1790000000012,
  Identities1790000000013,
  AuditOfTheSystem1790000000013,
  Prices1790000000014,
  PriceColumns1790000000014,
  PriceFunctions1790000000014,
  Promotions1790000000015,
  PromotionsOfOrders1790000000015,
  Credits1790000000016,
  Shipping1790000000017,
  Exports1790000000017,
  Downloads1790000000017,
  Voices1790000000018,
  VoicesLinks1790000000018,
  Renditions1790000000019,
  Collections1790000000020,
  CollectionLinks1790000000020,
  PriceListFiles1790000000021,
  StaffMoves1790000000022,
  Bundles1790000000023,
  BundleColumns1790000000023,
  Words1790000000024,
  WordsLinks1790000000024,
  Translations1790000000024,
  TranslationsLinks1790000000024,
  Attributes1790000000025,
  AttributeColumns1790000000025,
  Shelf1790000000025,
  Sums1790000000026,
  Forfeits1790000000026,
  Cancellations1790000000027,
  Uses1790000000028,
  GiftCardMoney1790000000030,
  LateSales1790000000032,
  FoundByName1790000000033,
  KeptAnswers1790000000035,
  LinksAfterCodes1790000000036,
  Recipients1790000000037,
  AuditedParts1790000000038,
  KeyGenerations1790000000043,
  CutOffCancellations1790000000044,
  LoginFailures1790000000046,
  SuggestedWords1790000000048,
  FacetCounts1790000000049,
  CountsOfNobody1790000000051,
  OrderLinks1790000000051,
  FoundAgain1790000000052,
  RecountsInTurn1790000000053,
  CollectionsByTitle1790000000054,
  WordsAtOnce1790000000054,
  NumbersOfAttributes1790000000055,
  HashesOfPublishableKeys1790000000056,
  NarrowFacets1790000000057,
  SoundRows1790000000058,
];
