import type { Type } from '@nestjs/common';
import { AuthModule } from './auth/index.js';
import { CatalogModule } from './catalog/index.js';
import { SettingsModule } from './settings/index.js';

/** The shop's modules, from the lowest to the highest: each may use those above it in this list. */
export const modules: Type[] = [AuthModule, SettingsModule, CatalogModule];
