// Chance that can be had again: PAYSG_SEED repeats the choices of an earlier run, though not the machine's timing.
export const seed = Number(process.env.PAYSG_SEED ?? Math.floor(Math.random() * 2 ** 32));

let state = seed >>> 0;

/** From 0 up to, but not including, 1. */
function draw() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** A whole number of this range, both ends included. */
export const between = (least, most) => least + Math.floor(draw() * (most - least + 1));
export const percent = (chance) => draw() * 100 < chance;
export const oneOf = (choices) => choices[between(0, choices.length - 1)];

export function shuffled(items) {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = between(0, last);
    [all[last], all[other]] = [all[other], all[last]];
  }
  return all;
}
