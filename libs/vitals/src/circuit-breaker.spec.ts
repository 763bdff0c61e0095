import { CircuitBreaker, circuitReports } from './index.js';

describe('a circuit breaker', () => {
  let now = 0;
  const make = () =>
    new CircuitBreaker('test', { failures: 3, windowMs: 10_000, openMs: 1_000, maxOpenMs: 3_000, now: () => now });
  const call = (circuit: CircuitBreaker, answered: boolean) => {
    const permit = circuit.admit();
    if (permit) circuit.settle(permit, answered);
    return permit !== null;
  };
  beforeEach(() => (now = 0));

  it('opens after repeated failures, refuses at once, and lets a single probe find out', () => {
    const circuit = make();
    for (let i = 0; i < 3; i += 1) expect(call(circuit, false)).toBe(true);
    expect(call(circuit, true)).toBe(false);
    expect(circuit.report()).toMatchObject({ state: 'open', retryInMs: 1_000, failed: 3, refused: 1 });
    now = 1_000;
    const probe = circuit.admit()!;
    expect(probe.isProbe).toBe(true);
    expect(circuit.admit()).toBeNull();
    circuit.settle(probe, true);
    expect(circuit.report().state).toBe('closed');
    expect(call(circuit, false)).toBe(true);
    expect(circuit.report().state).toBe('closed');
  });

  it('waits longer after each probe that fails, up to a limit', () => {
    const circuit = make();
    for (let i = 0; i < 3; i += 1) call(circuit, false);
    for (const wait of [2_000, 3_000, 3_000]) {
      now += circuit.retryInMs;
      call(circuit, false);
      expect(circuit.retryInMs).toBe(wait);
    }
  });

  it('stays closed while most calls succeed, and forgets failures of long ago', () => {
    const busy = make();
    for (let i = 0; i < 20; i += 1) call(busy, i % 3 !== 0);
    expect(busy.report().state).toBe('closed');
    const slow = make();
    for (let i = 0; i < 6; i += 1) {
      call(slow, false);
      now += 6_000;
    }
    expect(slow.report().state).toBe('closed');
  });

  it('is not moved by calls that began before it opened', () => {
    const circuit = make();
    const early = circuit.admit()!;
    for (let i = 0; i < 3; i += 1) call(circuit, false);
    circuit.settle(early, true);
    expect(circuit.report().state).toBe('open');
    expect(circuitReports().find((report) => report.name === 'test')?.state).toBe('open');
  });
});
