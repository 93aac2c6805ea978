// The ratios as bars: how many times the product's throughput, or how many times less it takes, beside each peer.

const NAMES = { js: "hand-written JavaScript", hono_stripe: "Hono + stripe-node", workers_rs: "workers-rs", null: "no work at all", plain: "plain TypeScript" };
const COLOURS = { js: "#b98900", hono_stripe: "#c2410c", workers_rs: "#7c3aed", null: "#6b7280", plain: "#0369a1" };
export const SHOWN = ["return", "status", "create", "webhook_1k", "webhook_16k", "new_intent", "paid", "cold_start"];
const [WIDTH, LABEL, SCALE_MAX, BAR, GAP] = [900, 350, 3, 15, 14];

export function picture({ scenarios, machine }) {
  const parts = [];
  const unit = (WIDTH - LABEL - 60) / SCALE_MAX;
  const text = (x, y, content, attributes = "") => parts.push(`<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`);
  let y = 58;
  const shown = SHOWN.flatMap((name) => scenarios.filter((scenario) => scenario.name === name));
  const top = y;
  for (const { title, ratio, spread } of shown) {
    const peers = Object.keys(ratio);
    text(12, y + (peers.length * BAR) / 2 + 4, title);
    for (const peer of peers) {
      const width = Math.min(ratio[peer], SCALE_MAX) * unit;
      const [least, most] = spread.ratio[peer].map((value) => LABEL + Math.min(value, SCALE_MAX) * unit);
      parts.push(`<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" fill="${COLOURS[peer]}"/>`);
      parts.push(`<path d="M${least.toFixed(1)} ${y + BAR / 2 - 1.5}H${most.toFixed(1)}" stroke="#111" stroke-width="1"/>`);
      text(Math.max(LABEL + width, most) + 6, y + BAR - 4.5, ratio[peer].toFixed(2));
      y += BAR;
    }
    y += GAP;
  }
  const line = LABEL + unit;
  parts.push(`<path d="M${line} ${top - 8}V${y - GAP + 4}" stroke="#111" stroke-dasharray="3 3"/>`);
  const legend = [...new Set(shown.flatMap(({ ratio }) => Object.keys(ratio)))];
  legend.forEach((peer, at) => {
    const x = 12 + at * 190;
    parts.push(`<rect x="${x}" y="${y}" width="12" height="12" fill="${COLOURS[peer]}"/>`);
    text(x + 18, y + 10.5, NAMES[peer]);
  });
  const conditions = `${machine.cpu}, ${machine.cores} cores, ${machine.workerd}, ${machine.rounds} rounds; bars: medians, lines: least and most of the rounds`;
  text(12, y + 36, conditions, 'fill="#555" font-size="11"');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 48}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="paysg-wasm beside its peers">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="24" font-size="16" font-weight="600">paysg-wasm beside workers that do the same work</text>
<text x="12" y="42" fill="#555" font-size="12">Right of the dashed line it is faster: requests per second (cold start: time), as a multiple of each</text>
${parts.join("\n")}
</svg>
`;
}

const escape = (text) => text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]);
