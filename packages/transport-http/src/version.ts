/** The version of this package, as `package.json` says it; a test holds the two together (J-05). */
export const version = "0.0.0";
