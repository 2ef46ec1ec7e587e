// Tests of http-cache-tests that Freshet does not pass on purpose: id, and the section that says otherwise. An unexpected pass is a failure too.
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {};
