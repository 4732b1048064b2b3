// The frame around the pages: who you are, which page is shown, what the keys do.

import { ask, get, post, Refused, type Who } from "./api";
import { Author } from "./author";
import { Compare } from "./compare";
import { Desk } from "./desk";
import { dialog, fill, h, tell, typing } from "./dom";
import { Fool } from "./fool";
import { Guide } from "./guide";
import { Label } from "./label";
import { Owner } from "./owner";
import { Watch } from "./watch";

export interface Page {
  readonly title: string;
  readonly keys: [string, string][];
  show(place: HTMLElement): Promise<void>;
  hide(): void;
  /** Whether the key meant something here. */
  press(event: KeyboardEvent): boolean;
}

const THEMES = ["auto", "light", "dark"];
const COMMON: [string, string][] = [
  ["Alt+1, Alt+2, …", "from page to page"],
  ["?", "these keys"],
];

let page: Page | null = null;

function theme(): HTMLElement {
  const put = (name: string): void => {
    if (name === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", name);
    localStorage.setItem("explora-theme", name);
    fill(button, `Colours: ${name}`);
  };
  const button = h("button", { class: "plain", onclick: () => put(THEMES[(THEMES.indexOf(localStorage.getItem("explora-theme") ?? "auto") + 1) % THEMES.length] ?? "auto") });
  put(localStorage.getItem("explora-theme") ?? "auto");
  return button;
}

function keys(): void {
  const list = (rows: [string, string][]): HTMLElement => h("dl", { class: "keys" }, ...rows.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]));
  dialog("Keys", page !== null && page.keys.length > 0 && h("h3", {}, page.title), page !== null && list(page.keys), h("h3", {}, "Everywhere"), list(COMMON));
}

/** The token of a link, taken out of the address bar at once. */
function taken(): string | null {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return found[1] ?? null;
}

async function known(): Promise<Who | string> {
  const token = taken();
  try {
    return token === null ? await get<Who>("/api/session") : await post<Who>("/api/session", { token });
  } catch (error) {
    const refused = error as Refused;
    if (token === null || refused.status !== 401) return refused.message;
    // a link that was opened before in this browser: its session may still be good
    return get<Who>("/api/session").catch(() => refused.message);
  }
}

function frame(who: Who): void {
  const pages = new Map<string, Page>([["watch", new Watch()]]);
  if (who.role !== "viewer") {
    pages.set("label", new Label(who.id)).set("guide", new Guide());
    pages.set("compare", new Compare(who.id, who.role === "owner"));
    pages.set("draw", new Author()).set("fool", new Fool(who.role));
  }
  if (who.role === "owner") pages.set("answers", new Desk()).set("people", new Owner(who.id));
  const place = h("main", { id: "page", tabindex: -1 });
  const links = [...pages].map(([name, each], i) => h("a", { href: `#${name}`, title: `Alt+${i + 1}` }, each.title));
  const leave = async (): Promise<void> => {
    await ask("DELETE", "/api/session");
    location.reload();
  };
  const head = h("header", { class: "row between" }, h("nav", { class: "row", "aria-label": "pages" }, h("span", { class: "mark" }, "explora"), ...links), h("div", { class: "row" }, theme(), h("button", { class: "plain", onclick: keys }, "Keys ", h("kbd", {}, "?")), h("span", { class: "small faint" }, who.name), h("button", { class: "plain", onclick: () => void leave().catch((error: Error) => tell(error.message, true)) }, "Sign out")));
  fill(document.body, head, place, h("div", { id: "told", role: "status" }));
  const go = (): void => {
    const name = pages.has(location.hash.slice(1)) ? location.hash.slice(1) : "watch";
    const next = pages.get(name) ?? null;
    if (next === page) return;
    if (page !== null) place.focus({ preventScroll: true }); // else Enter and Space would still be the link's
    page?.hide();
    page = next;
    for (const link of links) {
      if (link.hash !== `#${name}`) link.removeAttribute("aria-current");
      else {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
    page?.show(place).catch((error: Error) => tell(error.message, true));
  };
  window.addEventListener("hashchange", go);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const jump = event.altKey ? links[Number(event.key) - 1] : undefined;
    if (jump) location.hash = jump.hash;
    else if (typing(event)) return;
    else if (event.key === "?") keys();
    else if (pressed(event) || !page?.press(event)) return;
    event.preventDefault();
  });
  go();
}

/** Whether Enter or Space is for a button or link that somebody has reached by Tab. */
function pressed(event: KeyboardEvent): boolean {
  const at = event.target;
  if (at instanceof HTMLAnchorElement) return event.key === "Enter";
  const own = at instanceof HTMLButtonElement || at instanceof HTMLInputElement || (at instanceof HTMLElement && at.tagName === "SUMMARY");
  return own && (event.key === "Enter" || event.key === " ");
}

const who = await known();
if (typeof who === "string") {
  fill(document.body, h("main", { class: "alone" }, h("h1", {}, "explora"), h("p", {}, who), h("p", { class: "faint" }, "A link opens one browser, once. Whoever runs explora people sees a new one in the terminal; others get one from the owner.")));
} else {
  frame(who);
}
