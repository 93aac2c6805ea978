// Calls to /_sim: what the page does, a test can do by the same call.
import { say } from "./element.js";

export async function call(method, path, body) {
  const response = await fetch(`/_sim${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}

const afterwards = [];
/** What is done after each deed: the lists are read again. */
export const whenDone = (work) => afterwards.push(work);

/** Does something and says how it went. `done` is what to say, or makes it of the answer. */
export async function act(done, work) {
  try {
    const answer = await work();
    say(typeof done === "function" ? done(answer) : done);
  } catch (error) {
    say(error.message, true);
  }
  for (const work of afterwards) await work();
}
