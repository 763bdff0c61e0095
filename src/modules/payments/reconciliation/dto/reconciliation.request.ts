import { ListQuery, OneOf, Opt, Time } from '#libs/http';

/** Which period to compare: the last seven days unless said otherwise. */
export class StartReconciliationRequest {
  @Time(Opt({ example: '2026-11-01' }))
  from?: string;
  @Time(Opt({ description: 'now when left out' }))
  to?: string;
}

/** Filters of the reconciliations. */
export class ReconciliationListQuery extends ListQuery {
  @OneOf(['quick', 'full'], Opt())
  kind?: string;
}
