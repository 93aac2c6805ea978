// Sums for the figures that these tests report.

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** `{200: 12, lost: 3}` as text. */
export const counted = (counts) => [...counts].sort().map(([what, times]) => `${what} ×${times}`).join(", ");

export class Counts extends Map {
  add(what, times = 1) {
    this.set(what, (this.get(what) ?? 0) + times);
  }
}
