import { existsSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { withMermaid } from "vitepress-plugin-mermaid";
import packaged from "../../npm/package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../", import.meta.url));
const repository = packaged.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");

const page = (text, link) => ({ text, link });
const sidebar = [
  {
    text: "Start",
    items: [page("Overview", "/"), page("Front end", "/front-end"), page("Backend", "/backend"), page("Operator", "/operator"), page("Tester", "/tester")],
  },
  {
    text: "Understand",
    items: [page("The flow", "/flow"), page("Promises", "/promises"), page("Threats", "/threats"), page("Scale", "/scale")],
  },
  {
    text: "Operate",
    items: [page("Operating", "/operating"), page("The log", "/log"), page("Limits", "/limits")],
  },
  {
    text: "Recipes",
    items: [
      page("Going live", "/recipes/going-live"),
      page("Content-Security-Policy", "/recipes/content-security-policy"),
      page("Key rotation", "/recipes/key-rotation"),
      page("Reconciliation by hand", "/recipes/reconciliation-by-hand"),
      page("Migrating", "/recipes/migrating"),
      page("Elements to drop in", "/recipes/parts"),
      page("React", "/recipes/react"),
      page("Without JavaScript", "/recipes/without-javascript"),
      page("Frameworks and older browsers", "/recipes/frameworks"),
      page("Without the proxy", "/recipes/without-the-proxy"),
    ],
  },
  {
    text: "Reference",
    items: [page("Errors", "/errors"), page("Routes", "/routes"), page("Bundlers and runtimes", "/bundlers"), page("Conformance", "/conformance")],
  },
];

const listed = new Set(sidebar.flatMap(({ items }) => items).map(({ link }) => (link === "/" ? "index.md" : `${link.slice(1)}.md`)));
const forgotten = readdirSync(`${root}docs`, { recursive: true }).filter((file) => file.endsWith(".md") && !file.includes("node_modules") && !listed.has(file));
if (forgotten.length > 0) throw new Error(`not in the sidebar: ${forgotten.join(", ")}`);

export default withMermaid({
  title: "paysg-wasm",
  description: "Take payments through PaySG from any e-service",
  lang: "en-SG",
  base: "/docs/",
  cleanUrls: true,
  // The pages then have no inline script that changes from build to build.
  metaChunk: true,
  lastUpdated: false,
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (md) => md.use(linksToTheRepository).use(emptyHeadings),
  },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: repository }],
  },
});

/** A link to a file outside docs/ becomes a link to the repository. A link to nothing fails the build, as VitePress does for pages. */
function linksToTheRepository(md) {
  md.core.ruler.push("links-to-the-repository", ({ tokens, env }) => {
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        const href = token.type === "link_open" ? token.attrGet("href") : null;
        if (href === null || !href.startsWith(".")) continue;
        const [file, fragment] = href.split("#");
        const target = posix.normalize(posix.join("docs", posix.dirname(env.relativePath), file));
        if (target.startsWith("docs/") && target.endsWith(".md")) continue;
        if (!existsSync(root + target)) throw new Error(`${env.relativePath}: a link leads to ${target}, which does not exist`);
        token.attrSet("href", `${repository}/blob/main/${target}${fragment ? `#${fragment}` : ""}`);
      }
    }
  });
}

/** The empty heading above a column of row names is an ordinary cell: screen readers announce headings. */
function emptyHeadings(md) {
  md.core.ruler.push("empty-headings", ({ tokens }) => {
    tokens.forEach((token, at) => {
      if (token.type !== "th_open" || tokens[at + 1].content !== "") return;
      token.tag = "td";
      tokens[at + 2].tag = "td";
    });
  });
}
