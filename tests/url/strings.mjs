// What is asked of every parser: the same strings everywhere, by their number.

/** The inputs of the WPT set, each by itself and against its base, as the base would have it. */
export function wptStrings(data) {
  const strings = [];
  for (const test of data) {
    if (typeof test === "string") continue;
    strings.push(test.input);
    if (test.href) strings.push(test.href);
  }
  return strings;
}

/** A small generator of random numbers (mulberry32): every engine must draw the same ones. */
function dice(seed) {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) % sides);
  };
}

const GOOD = [
  "https://pay.gov.sg/payments/WlM3qMUUHQ2gipngenEmE", "https://staging.pay.gov.sg/payments/a?lang=en&next=/x?y#top", "https://pay.gov.sg/",
  "http://127.0.0.1:8788/payments/a", "http://localhost:8080/a/b", "http://[::1]:3000/", "https://agency.gov.sg:8443/done?x=%20#y",
  "https://localhost", "http://127.0.0.1", "https://192.168.0.1/a", "https://a-b.c0.example/", "https://agency.gov.sg",
];
const SCHEMES = ["https:", "http:", "https:", "https:", "HTTPS:", "hTtps:", "javascript:", "data:", "ftp:", "file:", "ws:", "blob:https:", "", "view-source:https:", "https", "\thttps:", "ht\ntps:"];
const SLASHES = ["//", "//", "//", "//", "//", "/", "///", "\\\\", "/\\", "", "//\t", "////"];
const USERS = ["", "", "", "", "", "", "@", "user@", "user:@", ":@", ":p@", "pay.gov.sg@", "pay.gov.sg:443@", "a%40b@", "@@"];
const HOSTS = [
  "pay.gov.sg", "pay.gov.sg", "pay.gov.sg", "staging.pay.gov.sg", "127.0.0.1", "localhost", "[::1]", "agency.gov.sg",
  "PAY.gov.sg", "pay.gov.sg.", "pay.gov.sg..", ".pay.gov.sg", "pay..gov.sg", "pay。gov．sg", "pay.gov.sg", "pаy.gov.sg", "ｐａｙ.gov.sg", "pay.gov.ſg", "xn--py-7kc.gov.sg", "xn--a.gov.sg", "xn--", "faß.example", "☃.example",
  "pay.gov.sg%2eevil.example", "%70ay.gov.sg", "pay.gov.sg%00", "pay.gov.sg\0", "pay .gov.sg", "pay\t.gov.sg", "pay\u00ad.gov.sg", "pay.gov.sg\u200b", "pay_gov.sg", "-pay.gov.sg", "pay-.gov.sg", "a--b.sg", "ab--cd.sg",
  "0x7f.1", "0x7f000001", "2130706433", "127.1", "127.0.1", "0127.0.0.1", "127.0.0.1.", "127.0.0.01", "256.0.0.1", "1.2.3", "1.2.3.4.5", "0x.0x.0", "0X7F.1", "a.1", "1.a", "a.0x", "a.0xg", "a.0x1", "a.09", "9", "0", "0x",
  "[::]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[::1", "::1", "[::1%25eth0]", "[::1]a", "[fe80::1]", "localhost.", "LOCALHOST", "a.localhost", "", "a", "a^b", "a|b", "a<b", "a%zz", "[", "a]",
];
const PORTS = ["", "", "", "", "", ":443", ":80", ":8788", ":8443", ":", ":0", ":00", ":080", ":0443", ":65535", ":65536", ":99999999999", ":8a", ":-1", ":+1", ": 80", ":８０", ":443:443"];
const SEGMENTS = ["", "", "a", "payments", "WlM3qMUUHQ2gipngenEmE", ".", "..", "%2e", "%2E.", ".%2e", "...", ".a", "a.", "%", "%2", "%2f", "%zz", "%00", "é", "a b", "a\tb", "|", "^", "[", "]", "{", "'", "\"", "<", "`", "\\", "@", ":", "~", "!$&()*+,;=", "\u{1f600}", "\ud800", "%ED%A0%80", "C:", "C|"];
const QUERIES = ["", "", "", "", "?", "?a=b&c", "??", "?'", "?|", "?[a]=^", "?\"", "?`", "?%", "?%2", "?é", "?a\nb", "?\ud800", "?/../", "?<>", "?{}", "?\\"];
const FRAGMENTS = ["", "", "", "", "#", "#a", "##", "#?", "#'", "#`", "#\"", "#<", "#é", "#%zz", "#\0", "#a b", "#{|}", "#\\"];
const ODD = [
  "\t", "\n", "\r", " ", "\0", "\x1f", "\x7f", "\x80", "\xa0", "\xad", "\\", "/", "//", "@", ":", "?", "#", "%", "%2e", "%2f", "%00", "%25", ".", "..", "。", "．", "\uff0f", "\uff20", "\ud800", "\udc00", "\ufeff", "\u200d", "\u2028", "\u3000", "é", "A", "0", "-", "_", "~", "|", "^", "[", "]", "{", "}", "<", ">", "\"", "'", "`", "xn--", "0x", "443", ";", "=", "&", "+", "*", "!", "\u{1f600}",
];

/** `count` strings, from number `from` on. `seeds`: strings that are to be altered, beside good URLs. */
export function* generated(from, count, seeds) {
  for (let number = from; number < from + count; number++) yield string(number, seeds);
}

function string(number, seeds) {
  const roll = dice(number ^ 0x5eed);
  roll(2);
  const one = (list) => list[roll(list.length)];
  const kind = roll(10);
  if (kind < 4) return composed(roll, one);
  if (kind < 7) return altered(one(GOOD), roll, one, 1 + roll(3));
  if (kind < 9) return altered(one(seeds), roll, one, roll(3));
  const long = one(["a", "/a", "%20", ".", "é", "?", "a.", "-", "@", "1"]).repeat(1 + roll(roll(4) === 0 ? 2100 : 70));
  return one(["https://pay.gov.sg/", "https://", "http://127.0.0.1:8788/", "https://pay.gov.sg/?", "https://a."]) + long + one(["", "/", ".sg/", "#"]);
}

function composed(roll, one) {
  let path = "";
  for (let segments = roll(5); segments > 0; segments--) path += (roll(12) === 0 ? "\\" : "/") + one(SEGMENTS);
  return one(SCHEMES) + one(SLASHES) + one(USERS) + one(HOSTS) + one(PORTS) + path + one(QUERIES) + one(FRAGMENTS);
}

function altered(text, roll, one, times) {
  for (; times > 0; times--) {
    const at = roll(text.length + 1);
    const cut = roll(3) === 0 ? roll(4) : 0;
    const put = roll(4) === 0 ? "" : roll(5) === 0 ? String.fromCharCode(roll(roll(2) ? 0x80 : 0x10000)) : one(ODD);
    text = text.slice(0, at) + put + text.slice(at + cut);
  }
  return text;
}

/** A checksum of the strings (FNV-1a over their code units): that all engines were asked the same. */
export function digest(texts) {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ 0x10000, 0x01000193);
  }
  return String(hash >>> 0);
}
