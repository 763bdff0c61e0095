import { Module } from '@nestjs/common';
import { ShopContext } from './shop-context.js';

/** What sort of shop this is: its name, currency, taxes and shipping. */
@Module({
  providers: [ShopContext],
  exports: [ShopContext],
})
export class SettingsModule {}
