// A vitest reporter whose last line is `N passed, N failed, N skipped`, alone on its line, for machines that read it. Before
// it stand the tests that passed only when they were tried again, if OTLPKIT_RETRIES allows that: each is worth a look.

export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        const tries = (test.diagnostic()?.retryCount ?? 0) + 1;
        if (tries > 1 && state === "passed") console.log(`passed at try ${tries}: ${test.fullName}`);
        if (state === "passed") passed++;
        else if (state === "failed") failedHere++;
        else skipped++;
      }
      // A file that could not be loaded has no failed test, yet it is not well.
      if (failedHere === 0 && !module.ok()) failedHere = 1;
      failed += failedHere;
    }
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}
