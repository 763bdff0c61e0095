import type { Type } from '@nestjs/common';

/** The shop's modules, from the lowest to the highest: each may use those above it in this list. */
export const modules: Type[] = [];
