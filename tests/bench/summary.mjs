// Medians with their spread, and ratios taken within each round, where the machine was the same for both.
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { compatibilityDate, versionOf } from "./workers.mjs";

export const median = (values) => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const spread = (values) => [Math.min(...values), Math.max(...values)];
const rounded = (value) => Number(value.toPrecision(4));

/** All outcomes of a run. A scenario's ratios are above 1 where the product is better. */
export class Summary {
  scenarios = new Map();
  sizes = {};
  scale = {};
  memory = {};

  constructor({ workerd, rounds, seconds }) {
    this.machine = {
      cpu: cpus()[0].model, cores: cpus().length, memory_gb: Math.round(totalmem() / 2 ** 30), kernel: release(), node: process.version,
      workerd: versionOf(workerd), compatibility_date: compatibilityDate, rounds: Number(rounds), seconds: Number(seconds),
      load_at_start: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]),
    };
  }

  /** `outcome`: `{perSecond, cpuUs, …}`, or `{value}` with the scenario's own unit, less being better. */
  add(scenario, peer, round, outcome) {
    const rounds = this.scenarios.get(scenario.name)?.rounds ?? [];
    this.scenarios.set(scenario.name, { scenario, rounds });
    (rounds[round] ??= {})[peer] = outcome;
  }

  result(name) {
    const { scenario, rounds } = this.scenarios.get(name);
    const peers = Object.keys(rounds[0]).filter((peer) => peer !== "product");
    const lessIsBetter = "value" in rounds[0].product;
    const value = ({ value, perSecond }) => value ?? perSecond;
    const of = (peer) => rounds.map((round) => value(round[peer]));
    const ratios = (better, peer) => rounds.map((round) => better(round.product, round[peer]));
    const each = (make) => Object.fromEntries(peers.map((peer) => [peer, make(peer)]));
    const ratio = (product, peer) => (lessIsBetter ? value(peer) / value(product) : value(product) / value(peer));
    const result = {
      name, title: scenario.title, unit: scenario.unit ?? "requests/s", less_is_better: lessIsBetter,
      product: rounded(median(of("product"))), peers: each((peer) => rounded(median(of(peer)))),
      ratio: each((peer) => rounded(median(ratios(ratio, peer)))),
      spread: { product: spread(of("product")).map(rounded), ratio: each((peer) => spread(ratios(ratio, peer)).map(rounded)) },
    };
    if (rounds.every((round) => Object.values(round).every(({ cpuUs }) => cpuUs !== undefined))) {
      const cpu = (peer) => rounded(median(rounds.map((round) => round[peer].cpuUs)));
      result.cpu_us = { product: cpu("product"), ...each(cpu) };
      const cheaper = (product, peer) => peer.cpuUs / product.cpuUs;
      result.cpu_ratio = each((peer) => rounded(median(ratios(cheaper, peer))));
      result.spread.cpu_ratio = each((peer) => spread(ratios(cheaper, peer)).map(rounded));
    }
    return result;
  }

  show({ name }, say) {
    const { product, unit, ratio, cpu_us, cpu_ratio, spread } = this.result(name);
    say(`  ${product} ${unit}${cpu_us ? `, ${cpu_us.product} µs of CPU each` : ""}`);
    for (const peer of Object.keys(ratio)) {
      const range = ([least, most]) => `${least.toFixed(2)}–${most.toFixed(2)}`;
      const cpu = cpu_ratio ? `   by CPU ${cpu_ratio[peer].toFixed(2)} (${range(spread.cpu_ratio[peer])})` : "";
      say(`  ${peer.padEnd(12)} ${ratio[peer].toFixed(2)} (${range(spread.ratio[peer])})${cpu}`);
    }
  }

  toJSON() {
    const { machine, sizes, scale, memory } = this;
    return { machine, scenarios: [...this.scenarios.keys()].map((name) => this.result(name)), sizes, memory, scale };
  }
}
