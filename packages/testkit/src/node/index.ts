export { type Golden, golden, goldenCase, type GoldenFilter, type GoldenGroup, goldenVector } from "./golden.ts";
