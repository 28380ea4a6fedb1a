/** The version of this package, as `package.json` says it; a test holds the two together. */
export const version = "0.0.0";
