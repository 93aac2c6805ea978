// What is larger, or more, than anything that is meant: refused by name, without a call, and the next request works.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { each, NAVIGATION, test } from "./support.mjs";

each({}, (world) => {
  const works = async () => {
    await world.assertNothingAtPaySG();
    (await world.browser().create(world.body())).expect(201);
  };

  test("a URL of more than 8 KiB is a 414, as a program and as a person", async () => {
    (await world.browser().get(`/resume?${"x".repeat(9_000)}`)).expect(414, "too_large");
    (await world.browser().get(`/return?${"x".repeat(9_000)}`)).expect(400, "invalid_return");
    assert.equal((await world.browser().get(`/health?${"x".repeat(9_000)}`, NAVIGATION)).status, 414);
    (await world.browser().get(`/health?${"x".repeat(7_000)}`)).expect(200);
    await works();
  });

  test("headers of more than 32 KiB are a 431, or the runtime's own refusal", async () => {
    const answer = await fetch(world.stack.edge("/health"), { headers: { accept: "application/json", cookie: "a=".padEnd(33 * 1024, "x") } }).catch((error) => error);
    if (answer instanceof Response) {
      assert.equal(answer.status, 431, await answer.text());
    }
    (await world.browser().get("/health", { cookie: "a=".padEnd(8 * 1024, "x") })).expect(200);
    await works();
  });

  test("an object of more than 64 fields is refused, and the fields of a form that are not ours are passed over, quickly however many there are", async () => {
    const many = (count, join, field) => Array.from({ length: count }, (_, at) => field(at)).join(join);
    const form = (count) => world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, many(count, "&", (at) => `${at.toString(36)}=1`));
    const json = (count) => world.browser().create(`{${many(count, ",", (at) => `"${at.toString(36)}":1`)}}`, { "idempotency-key": randomUUID() });
    (await json(65)).expectFields({ body: "too_many" });
    const refused = (await json(7_000)).expectFields({ body: "too_many" });
    assert.ok(!(await json(64)).expect(400, "invalid_fields").text.includes("too_many"));
    const passed = (await form(7_000)).expectFields({ item: "required", payer_name: "required" });
    for (const { text } of [refused, passed]) assert.ok(text.length < 500, "what was sent is not sent back");
    await works();
  });
});
