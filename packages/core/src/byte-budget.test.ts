import { describe, expect, it } from "vitest";
import { byteBudget } from "./byte-budget.ts";

describe("byteBudget", () => {
  it("grants up to the bound, to the byte", () => {
    const budget = byteBudget(100);
    expect(budget.reserve(60)).toBe(true);
    expect(budget.reserve(40)).toBe(true);
    expect(budget.reserve(1)).toBe(false);
    expect(budget.usedBytes).toBe(100);
  });

  it("grants again what was given back", () => {
    const budget = byteBudget(100);
    budget.reserve(100);
    budget.release(30);
    expect(budget.reserve(31)).toBe(false);
    expect(budget.reserve(30)).toBe(true);
  });

  it("corrects a reservation that was too large", () => {
    const budget = byteBudget(100);
    budget.reserve(100);
    expect(budget.reserve(-40)).toBe(true);
    expect(budget.usedBytes).toBe(60);
    expect(budget.reserve(40)).toBe(true);
  });

  it("holds nothing after everything was given back, even twice", () => {
    const budget = byteBudget(10);
    budget.reserve(10);
    budget.release(10);
    budget.release(10);
    expect(budget.usedBytes).toBe(0);
    expect(budget.reserve(11)).toBe(false);
  });
});
