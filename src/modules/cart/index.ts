export { CartModule } from './cart.module.js';
export { Address } from './dto/address.dto.js';
export { CartService } from './cart.service.js';
export { CartResponse } from './dto/cart.response.js';
export { assessCart, type CartAssessment, type CartIssue } from './cart.assessment.js';
export { lockCart, type CartLineSnapshot, type CartSnapshot } from './cart.snapshot.js';
export { MergeCarts, type MergeOutcome } from './merge-carts.service.js';
export { hashCartToken, isOf } from './cart-token.js';
