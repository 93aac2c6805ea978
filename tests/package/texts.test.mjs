// What the parts say: complete in every language, with the same placeholders, and none of it left in English.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pkg } from "./pkg.mjs";

const folder = join(pkg, "elements/texts");
const source = (language) => readFileSync(join(folder, `${language}.js`), "utf8");
const texts = async (language) => (await import(join(folder, `${language}.js`))).default;
const english = await texts("en");
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

/** Names and examples that are the same in every language. */
const NAMES = /PaySG|name@example\.com|\{\w+\}/g;
const SCRIPTS = { zh: /\p{Script=Han}/u, ta: /\p{Script=Tamil}/u };
/** Words that English sentences are made of, and Malay ones are not. */
const ENGLISH = /\b(the|this|that|you|your|we|our|is|are|was|has|have|been|not|and|or|of|to|it|with|for|again|payment|paid|pay|cancel|receipt|reference|check|wait)\b/i;

test("there are English, Chinese, Malay and Tamil, and the entry names them all", async () => {
  assert.deepEqual(readdirSync(folder).sort(), ["en.js", "ms.js", "ta.js", "zh.js"]);
  const { languages } = await import(join(pkg, "elements.js"));
  assert.deepEqual([...languages].sort(), ["en", "ms", "ta", "zh"]);
});

test("the English that the others are held against is found to be English", () => {
  const found = Object.values(english).filter((text) => ENGLISH.test(text)).length;
  assert.ok(found > 60, `only ${found} of ${Object.keys(english).length}`);
});

test("the types name every text, and no other", () => {
  const types = readFileSync(join(pkg, "elements.d.ts"), "utf8");
  const [union] = /export type TextKey =[^;]+;/.exec(types);
  assert.deepEqual([...union.matchAll(/"([^"]+)"/g)].map(([, key]) => key).sort(), Object.keys(english).sort());
});

/** How each language says that nothing was, or is, charged. Somebody may have paid in another browser, or just before a payment was cancelled. */
const UNCHARGED = { en: /not (been )?charged(?! twice)|nothing .*charged/i, zh: /(没有|尚未被?|不会)扣款/, ms: /tiada bayaran/i, ta: /பணம் (எதுவும் )?(பிடிக்கப்படவில்லை|பிடிக்கப்படாது$)/ };
/** Sentences of earlier versions that said so: what is looked for is how it is said. */
const SAID = {
  en: "This payment was cancelled, and nothing was charged for it.",
  zh: "这笔付款已取消，没有扣款。",
  ms: "Pembayaran ini telah dibatalkan, dan tiada bayaran dikenakan.",
  ta: "இந்தக் கட்டணம் ரத்து செய்யப்பட்டது, பணம் எதுவும் பிடிக்கப்படவில்லை.",
};
const NEED_NOT = { en: /If you have paid, you need not pay again/, zh: /如果您已经付款，无需再次付款/, ms: /Jika anda sudah membayar, anda tidak perlu membayar lagi/, ta: /ஏற்கெனவே பணம் செலுத்தியிருந்தால், மீண்டும் செலுத்தத் தேவையில்லை/ };
for (const [language, uncharged] of Object.entries(UNCHARGED)) {
  test(`${language}: no text says that nothing was charged`, async () => {
    assert.match(SAID[language], uncharged);
    const translation = await texts(language);
    assert.deepEqual(Object.keys(translation).filter((key) => uncharged.test(translation[key])), []);
  });

  test(`${language}: whoever has paid is told wherever a press fails that they need not pay again`, async () => {
    const translation = await texts(language);
    const sentence = NEED_NOT[language];
    for (const key of ["pay.settled_note", "error.unreachable_text", "error.busy_text", "error.expired_text", "error.refused_text", "error.cancelled_text"]) assert.match(translation[key], sentence, key);
  });
}

for (const language of ["zh", "ms", "ta"]) {
  test(`${language}: every text is there, with the same placeholders`, async () => {
    const translation = await texts(language);
    assert.deepEqual(Object.keys(translation).sort(), Object.keys(english).sort());
    for (const [key, text] of Object.entries(translation)) assert.deepEqual(placeholders(text), placeholders(english[key]), key);
  });

  test(`${language}: nothing is left in English`, async () => {
    for (const [key, text] of Object.entries(await texts(language))) {
      const words = text.replaceAll(NAMES, "");
      if (!/\p{Letter}/u.test(words)) continue;
      assert.notEqual(text, english[key], key);
      if (SCRIPTS[language]) {
        assert.match(words, SCRIPTS[language], key);
        assert.doesNotMatch(words, /\p{Script=Latin}/u, key);
      } else {
        assert.doesNotMatch(words, ENGLISH, key);
      }
    }
  });

  test(`${language}: whoever opens it reads that no native speaker has reviewed it`, () => {
    assert.match(source(language).split("\n")[0], /NOT YET REVIEWED/);
  });
}
