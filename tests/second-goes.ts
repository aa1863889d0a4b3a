import type { Reporter, TestCase } from 'vitest/node';

/**
 * Vitest reporter: at the end, what passed only when it was tried again, and what failed before. Such a test hangs on the machine
 * it runs on, or what it tests does.
 */
export default class SecondGoes implements Reporter {
  readonly #named: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result();
    const retries = test.diagnostic()?.retryCount ?? 0;
    if (state !== 'passed' || retries === 0) return;
    this.#named.push(
      `${test.module.relativeModuleId}: ${test.fullName}`,
      ...errors.map(({ message }) => `  ${message}`),
    );
  }

  onTestRunEnd(): void {
    if (this.#named.length > 0) console.log(['', 'Passed when tried again:', ...this.#named, ''].join('\n'));
  }
}
