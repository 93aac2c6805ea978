// How much may be under way in one isolate. What does not fit is refused at once, while there is still room to say so: before descriptors or
// memory run out, and while health, refusals and whatever needs neither body nor call are answered as ever.

/** Requests that have a call under way: each holds a connection to PaySG or to an object. */
const MAX_CALLING = 512;
/** Requests whose body is on its way. They hold no second connection, and ten seconds at most. */
const MAX_READING = 1_024;
/** The same of one client, where its address is known: an office's bodies take milliseconds to come. */
const MAX_READING_EACH = 256;
/** Bytes that are read but not yet handed on: an eighth of what an isolate of Cloudflare's has. */
const MAX_BYTES = 16 * 1024 * 1024;

let calling = 0;

/** Whether a request may begin to call; `endCall` gives the place back. */
export function beginCall() {
  if (calling >= MAX_CALLING) return false;
  calling += 1;
  return true;
}

export function endCall() {
  calling -= 1;
}

/** There is no room for what is being read. */
export class Full extends Error {}

/** Room for bytes that are read but not yet handed on. */
class Room {
  #free = MAX_BYTES;

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

/** What PaySG answers. Not one room with the bodies: whoever sends slowly would leave none for the answers that payers wait for. */
export const ANSWERS = new Room();

/** The bodies of one client that are on their way, the one that has waited longest first. */
class Client {
  readings = new Set();
  bytes = 0;
}

const clients = new Map();
let reading = 0;
let bytes = 0;

/** One body on its way: the room that it is read into. */
class Reading {
  bytes = 0;
  #address;
  #giveUp;

  constructor(address, giveUp) {
    this.#address = address;
    this.#giveUp = giveUp;
    if (!clients.has(address)) clients.set(address, new Client());
    clients.get(address).readings.add(this);
    reading += 1;
  }

  get #client() {
    const client = clients.get(this.#address);
    return client?.readings.has(this) ? client : undefined;
  }

  /** Takes up room for so many bytes more, if need be another's. */
  hold(count) {
    while (bytes + count > MAX_BYTES) {
      const greediest = most((client) => client.bytes);
      for (const other of greediest.readings) {
        if (other.bytes === 0) continue;
        other.giveUp();
        break;
      }
    }
    const client = this.#client;
    if (client === undefined) return false;
    this.#count(client, count);
    return true;
  }

  release(count) {
    const client = this.#client;
    if (client !== undefined) this.#count(client, -count);
  }

  /** It has come, or nobody waits for it any more. */
  end() {
    const client = this.#client;
    if (client === undefined) return;
    this.#count(client, -this.bytes);
    client.readings.delete(this);
    reading -= 1;
    if (client.readings.size === 0) clients.delete(this.#address);
  }

  giveUp() {
    this.end();
    this.#giveUp();
  }

  #count(client, count) {
    this.bytes += count;
    client.bytes += count;
    bytes += count;
  }
}

const most = (of) => Array.from(clients.values()).reduce((one, other) => (of(other) > of(one) ? other : one));
const longest = ({ readings }) => readings.values().next().value;

/**
 * Begins to read a body: `address` is the client's, empty where it is not known.
 *
 * Where there is no room for one more, one that is on its way is given up (`giveUp`): of the client that takes up most, the one that has waited
 * longest. Bodies of honest clients come within milliseconds, so whoever sends nothing keeps nobody else out.
 */
export function beginReading(address, giveUp) {
  const own = address === "" ? undefined : clients.get(address);
  if (own?.readings.size >= MAX_READING_EACH) longest(own).giveUp();
  else if (reading >= MAX_READING) longest(most(({ readings }) => readings.size)).giveUp();
  return new Reading(address, giveUp);
}
