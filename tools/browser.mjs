// Opens pages in the Chromium that `tools/package.json` locks, and says what became of them.
//
//     node browser.mjs unpack          lay the browser out beside its package; `make tools` does it once
//     node browser.mjs < visits.json   a list of visits in, a list of what was seen out
//
// A visit: { url, width?, height?, scheme?: "dark" | "light", media?: "print" | "screen", wait?: CSS selector,
// look?: a JavaScript expression, asked of the page when it has come to rest; picture?: path of a PNG }.
// What was seen: { status, requests: every address asked for, whoever asked, said: console and page errors, looked }.
//
// Nothing is fetched: the browser is in its npm package, and every request but those to this machine is refused here,
// after it has been written down.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const home = join(dirname(fileURLToPath(import.meta.url)), "node_modules", ".chromium");

// The package unpacks into the temporary folder, and its shared libraries only where it believes to be on Amazon's
// Linux. Both are said to it before it is loaded.
const temporary = process.env.TMPDIR;
mkdirSync(home, { recursive: true });
process.env.TMPDIR = home;
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs24.x";
process.env.FONTCONFIG_FILE = join(home, "fonts.conf");
const { default: packed } = await import("@sparticuz/chromium");
const isUnpacked = existsSync(join(home, "chromium"));
if (process.argv[2] !== "unpack" && !isUnpacked) {
  console.error("The browser is not unpacked: run `make tools`.");
  process.exit(1);
}
const executablePath = await packed.executablePath();
if (process.argv[2] === "unpack") {
  // Its own font and no other, so that a text is as wide on one machine as on the next.
  writeFileSync(
    process.env.FONTCONFIG_FILE,
    `<?xml version="1.0"?><fontconfig><dir>${home}/fonts/fonts</dir><cachedir>${home}/fonts-cache</cachedir></fontconfig>`,
  );
  process.exit(0);
}
if (temporary === undefined) delete process.env.TMPDIR;
else process.env.TMPDIR = temporary;

const { chromium } = await import("playwright-core");

const QUIET = [
  "--no-sandbox", // also root may run it; it sees only our own pages
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
  "--font-render-hinting=none",
];

async function see(browser, visit) {
  const context = await browser.newContext({
    viewport: { width: visit.width ?? 1200, height: visit.height ?? 900 },
    colorScheme: visit.scheme ?? "light",
    reducedMotion: "reduce",
    serviceWorkers: "block",
  });
  const requests = [];
  const said = [];
  const ours = new URL(visit.url).host;
  // The browser's own protocol tells of requests that a policy stops before a page's route is asked.
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  wire.on("Network.requestWillBeSent", (event) => requests.push(event.request.url));
  wire.on("Network.webSocketCreated", (event) => requests.push(event.url));
  context.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await context.route(
    (address) => ["http:", "https:"].includes(address.protocol) && address.host !== ours,
    (route) => route.abort(),
  );
  const answer = await page.goto(visit.url, { waitUntil: "networkidle", timeout: 60_000 });
  if (visit.media) await page.emulateMedia({ media: visit.media });
  if (visit.wait) await page.waitForSelector(visit.wait, { timeout: 30_000, state: "attached" });
  // What a page asks for later, when it has drawn itself, counts as well.
  let counted = -1;
  while (requests.length > counted) {
    counted = requests.length;
    await page.waitForTimeout(400);
  }
  const looked = visit.look ? await page.evaluate(visit.look) : null;
  if (visit.picture) await page.screenshot({ path: visit.picture, fullPage: visit.whole ?? false });
  await context.close();
  return { status: answer?.status() ?? null, requests: [...new Set(requests)], said, looked };
}

let text = "";
for await (const part of process.stdin) text += part;
const browser = await chromium.launch({ executablePath, headless: true, args: QUIET });
try {
  const seen = [];
  for (const visit of JSON.parse(text)) seen.push(await see(browser, visit));
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
