// How much may be under way in one isolate. What does not fit is refused at once, while there is still room to say so: before descriptors or
// memory run out, and while health, refusals and whatever needs neither body nor call are answered as ever.

/** Requests that have a call under way: each holds a connection to PaySG or to an object. */
const MAX_CALLING = 512;
/** Requests whose body is on its way. They hold no second connection, and ten seconds at most. */
const MAX_READING = 1_024;

let calling = 0;
let reading = 0;

/** Whether a request may begin to call; `endCall` gives the place back. */
export function beginCall() {
  if (calling >= MAX_CALLING) return false;
  calling += 1;
  return true;
}

export function endCall() {
  calling -= 1;
}

export function beginReading() {
  if (reading >= MAX_READING) return false;
  reading += 1;
  return true;
}

export function endReading() {
  reading -= 1;
}

/** Room for bytes that are read but not yet handed on: an eighth of what an isolate of Cloudflare's has. */
class Room {
  #free = 16 * 1024 * 1024;

  /** Whether there is room for so many bytes more; `release` gives it back. */
  hold(count) {
    if (count > this.#free) return false;
    this.#free -= count;
    return true;
  }

  release(count) {
    this.#free += count;
  }
}

/** What callers send, and what PaySG answers. Not one room for both: whoever sends slowly would leave none for the answers that payers wait for. */
export const BODIES = new Room();
export const ANSWERS = new Room();
