/** A URL for people: without what may be a secret. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/u, "//").replace(/[?#].*$/u, "");
}
