// A sign for each state of a payment, drawn with what the CSSOM allows under any Content-Security-Policy.
const RING = "M12 2.75a9.25 9.25 0 1 0 0 18.5 9.25 9.25 0 0 0 0-18.5Z";
const CLOCK = `${RING}M12 7v5.250l3.250 2`;
const QUESTION = `${RING}M9.500 9.300a2.600 2.600 0 1 1 3.700 2.300c-.8.4-1.200.9-1.200 1.900M12 16.700v.1`;
const PATHS = {
  confirming: CLOCK,
  unpaid: CLOCK,
  paid: `${RING}M7.750 12.250l3 3 5.500-6`,
  refunded: "M4 8h13l-3.500-3.500M20 16H7l3.500 3.500",
  partially_refunded: "M4 8h13l-3.500-3.500M20 16H7l3.500 3.500",
  cancelled: `${RING}M5.500 5.500l13 13`,
  unknown: QUESTION,
  "not-found": QUESTION,
  unreachable: "M12 3.500 2.500 20h19L12 3.500ZM12 10v4.500M12 17.200v.1",
  refused: "M12 3.500 2.500 20h19L12 3.500ZM12 10v4.500M12 17.200v.1",
  forgotten: `${RING}M7.750 12.250l3 3 5.500-6`,
  nothing: `${RING}M12 11v5.500M12 7.500v.1`,
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(state) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[state]);
  svg.append(path);
  return svg;
}
