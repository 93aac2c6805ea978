// In workerd: the verdicts on a portion.
import data from "./urltestdata.json";
import { verdicts } from "./policy.mjs";
import { digest, generated, wptStrings } from "./strings.mjs";

const wpt = wptStrings(data);

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const from = Number(searchParams.get("from"));
    const texts = from < 0 ? wpt : [...generated(from, Number(searchParams.get("count")), wpt)];
    return new Response(verdicts(texts), { headers: { digest: digest(texts) } });
  },
};
