/** For how long an answer is given again at once, and until when it is given while it is found anew. */
interface Keeping {
  freshMs: number;
  staleMs: number;
}

/** As long as Cache-Control lets others keep the same answer without asking, and show it while they ask. */
const LIKE_CACHES: Keeping = { freshMs: 60_000, staleMs: 360_000 };
const MAX_KEPT = 500;

interface Kept<T> {
  answer: T;
  foundAt: number;
  isRenewed: boolean;
}

/**
 * Keeps what was dear to find, as long as caches outside may keep it if nothing else is said: whoever asks the same again within
 * a minute gets it at once, and for five minutes more while it is found anew. What is cheap is never kept, so small catalogs are always
 * up to date. Those who ask for the same at the same time wait for one search.
 */
export class DearAnswers<T> {
  private readonly kept = new Map<string, Kept<T>>();
  private readonly underWay = new Map<string, Promise<T>>();

  /** @param isDear whether an answer was dear to find, by what it says: not by the clock, which tells how busy the machine is */
  constructor(
    private readonly isDear: (answer: T) => boolean,
    private readonly now: () => number = () => performance.now(),
    private readonly keeping: Keeping = LIKE_CACHES,
  ) {}

  async get(key: string, find: () => Promise<T>): Promise<T> {
    const known = this.kept.get(key);
    const age = known ? this.now() - known.foundAt : Infinity;
    if (known && age < this.keeping.freshMs) return known.answer;
    if (known && age < this.keeping.staleMs) {
      if (!known.isRenewed) {
        known.isRenewed = true;
        void this.find(key, find).catch(() => (known.isRenewed = false));
      }
      return known.answer;
    }
    return this.find(key, find);
  }

  private find(key: string, find: () => Promise<T>): Promise<T> {
    const running = this.underWay.get(key);
    if (running) return running;
    const search = find().then((answer) => {
      this.kept.delete(key);
      if (this.isDear(answer)) this.keep(key, { answer, foundAt: this.now(), isRenewed: false });
      return answer;
    });
    const done = search.finally(() => this.underWay.delete(key));
    this.underWay.set(key, done);
    return done;
  }

  private keep(key: string, entry: Kept<T>): void {
    this.kept.set(key, entry);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT) this.kept.delete(oldest!);
  }
}
