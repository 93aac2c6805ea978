// The conformance suite is itself tested: a proxy that shares nothing with ours and keeps to the contract has no finding, and each way in which
// it can be made to break the contract is found.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { FAULTS, Proxy } from "../conformance/example/proxy.mjs";
import { conform } from "../conformance/suite.mjs";
import { startStack } from "../stack.mjs";
import { conforms, settingsOf } from "../packaging/conforming.mjs";

const SIDE_BY_SIDE = 4;

/** What is expected of some of the ways to break the contract. PaySG is one for all of them, so they take turns; others have a PaySG of their own. */
function aProxyOfOnesOwn(faults) {
  let stack;
  before(async () => {
    stack = await startStack({ www: false });
  });
  after(() => stack?.stop());

  async function start(t, faults) {
    const settings = { ...settingsOf(stack), simulator_url: stack.simulator_url, session_key: stack.session_key, base_path: stack.base_path };
    const proxy = new Proxy(settings, faults);
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    t.after(() => {
      proxy.server.closeAllConnections();
      proxy.server.close();
    });
    settings.origin = `http://127.0.0.1:${proxy.server.address().port}`;
    settings.url = `${settings.origin}${stack.base_path}`;
    // The example has no catalogue.
    settings.item = undefined;
    return settings;
  }

  for (const fault of faults) {
    if (fault === undefined) {
      test("has no finding where it keeps to the contract", async (t) => {
        await conforms(t, await start(t, []));
      });
      continue;
    }
    test(`is found out where ${fault}`, async (t) => {
      const { findings } = await conform(await start(t, [fault]), { only: [FAULTS[fault]], first: true });
      assert.ok(findings.length > 0, "no finding");
      for (const { asked, came, contract, where } of findings) {
        for (const word of [asked, came, contract, where]) assert.ok(word.length > 0);
        assert.match(where, /^openapi\.json#\//);
      }
      t.diagnostic(`${findings[0].contract} — ${findings[0].came.slice(0, 120)}`);
    });
  }
}

describe("a proxy of one's own", { concurrency: true }, () => {
  // They mostly wait, for what a proxy remembers to be forgotten.
  const all = [undefined, ...Object.keys(FAULTS)];
  for (let first = 0; first < SIDE_BY_SIDE; first += 1) {
    describe(`${first + 1} of ${SIDE_BY_SIDE}`, { concurrency: 1 }, () => aProxyOfOnesOwn(all.filter((_, at) => at % SIDE_BY_SIDE === first)));
  }
});

describe("the package's own proxy in workerd", () => {
  for (const stateless of [false, true]) {
    // With its ledger it also conforms as wrangler bundles it, in every run: runtimes.test.mjs.
    const skip = !stateless && process.env.PAYSG_DEEP !== "1" && "only in the long form";
    test(stateless ? "conforms without a ledger" : "conforms with a ledger", { skip }, async (t) => {
      const allowed_origin = "https://www.eservice.example";
      const result_url = "http://127.0.0.1:9/result?step=3";
      const stack = await startStack({ www: false, stateless, edgeEnv: { PAYSG_RESULT_URL: result_url, PAYSG_ALLOWED_ORIGINS: allowed_origin } });
      t.after(() => stack.stop());
      await conforms(t, { ...settingsOf(stack), allowed_origin, result_url });
    });
  }
});
