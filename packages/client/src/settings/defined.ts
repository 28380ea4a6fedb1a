/** Without members that say nothing, which would hide what is said elsewhere. */
export function defined<Options extends object>(options: Options): Defined<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<Options>;
}

type Defined<Options> = { readonly [Name in keyof Options]: Exclude<Options[Name], undefined> };
