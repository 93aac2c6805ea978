// The table of threats (`table.mjs`), proven: black-box, against the edge as it runs, with the simulator behind it, and with an enemy in
// PaySG's place.
//
// One process for all of it. The stacks, of which every group needs some, start once and work side by side; and what the table says of this run is
// known where it is checked. A file for each group would need a second process to join them, and a way to trust what they left behind.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { World } from "../edge/support.mjs";
import * as alarm from "./alarm.mjs";
import * as canary from "./canary.mjs";
import * as create from "./create.mjs";
import * as forgery from "./forgery.mjs";
import * as input from "./input.mjs";
import * as path from "./path.mjs";
import * as price from "./price.mjs";
import { holdsTest, unproven } from "./proof.mjs";
import * as redirect from "./redirect.mjs";
import * as returning from "./returning.mjs";
import * as secrets from "./secrets.mjs";
import * as supply from "./supply.mjs";
import { THREATS } from "./table.mjs";
import { HostileWorld } from "./upstream.mjs";
import * as token from "./token.mjs";
import * as trap from "./trap.mjs";
import * as webhook from "./webhook.mjs";

/** Tests of one edge, one after the other; those of other edges run beside them. */
function edge(name, world, ...groups) {
  describe(name, { concurrency: 1 }, () => {
    before(() => world.start());
    after(() => world.stop());
    beforeEach(() => world.clean());
    for (const group of groups) group(world);
    test("nothing of a payer and no secret is in the edge's log", () => world.assertLogIsClean());
  });
}

describe("threats", { concurrency: true }, () => {
  for (const stateless of [false, true]) {
    const kind = stateless ? "stateless" : "with a ledger";
    // Alarms come 20 times as fast, so that what is told is told at once.
    const options = { stateless, fulfilment: true, timeScale: 20 };
    edge(`an edge ${kind}: requests`, new World(options), redirect.honest, returning.honest, price.honest, path.honest, forgery.honest, token.honest);
    edge(`an edge ${kind}: bodies and events`, new World(options), secrets.honest, webhook.honest, create.honest, input.honest, ...(stateless ? [trap.bursting] : []));
    edge(`an edge ${kind} whose PaySG is an enemy: payments`, new HostileWorld(options), redirect.hostile, returning.hostile, price.hostile, create.hostile);
    edge(`an edge ${kind} whose PaySG is an enemy: answers`, new HostileWorld(options), secrets.hostile, path.hostile, input.hostile);
    edge(`an edge ${kind} full of canaries`, new canary.CanaryWorld({ stateless, ...(stateless ? { fulfilment: true } : { www: true }), timeScale: 20 }), canary.canaries);
  }
  edge("an edge to which an hour is a second", new HostileWorld({ fulfilment: true, timeScale: 3600 }), alarm.hostile);
  describe("the project", { concurrency: 1 }, () => {
    supply.project();
    canary.tarball();
  });
});

describe("the table", () => {
  test("it has the rows 1 to 25 and what was found since, each once, each with a test", () => {
    assert.deepEqual(THREATS.map(({ number }) => number), THREATS.map((_, at) => at + 1));
    assert.ok(THREATS.length >= 25);
    for (const { number, threat, tests } of THREATS) {
      assert.ok(threat.length > 10, `row ${number} says what the threat is`);
      assert.ok(tests.length > 0, `row ${number} has no test`);
      assert.equal(new Set(tests).size, tests.length, `row ${number} names a test twice`);
    }
  });

  test("every test that it names has run, and passed, in this run", () => {
    assert.deepEqual(THREATS.flatMap((row) => unproven(row).map((name) => `${row.number}: ${name}`)), []);
  });

  test("every test elsewhere that it names is there, and is not ignored", () => {
    for (const { number, elsewhere = [] } of THREATS) {
      for (const [file, name] of elsewhere) assert.ok(holdsTest(file, name), `row ${number}: ${file} has no test "${name}"`);
    }
    assert.equal(holdsTest("src/paysg/tests/pages.rs", "no_such_test"), false);
    assert.equal(holdsTest("src/paysg/tests/webhook.rs", "spellings"), false, "a function is no test");
    assert.equal(holdsTest("tests/edge/http.test.mjs", "no such test"), false);
  });
});
