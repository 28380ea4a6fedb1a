/** Requirements of the groups that have no scenario, and why. */
export const elsewhere: Readonly<Record<string, string>> = {
  "C-04": "allows either version of HTTP; all subjects speak HTTP/1.1, and the scripted backend nothing else",
  "G-07": "about a relay",
  "H-06": "about memory of several destinations in one process; a benchmark, not a scenario",
  "H-07": "a promise not made, to be said in documentation",
  "H-08": "a promise not made, to be said in documentation",
  "I-08": "legacy names that new code must not have",
  "J-05": "compared with package.json in the tests of the transports",
};
