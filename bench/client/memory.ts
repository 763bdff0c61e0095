/** Loaded before a program: tells the bench that started it what memory it takes, twice a second. */
const SAMPLE_MS = 500;

if (process.send) {
  const sample = setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ type: 'memory', rss, heapUsed });
  }, SAMPLE_MS);
  sample.unref();
  process.channel?.unref();
}
