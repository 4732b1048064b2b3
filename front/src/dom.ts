// Building pages out of elements: text only ever becomes text, whatever is in it.

export type Child = Node | string | null | undefined | false;
type Handler = (event: Event) => void;
type Given = Record<string, string | number | boolean | null | undefined | Handler>;

function put(node: Element, given: Given): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-")) node.setAttribute(name, String(value));
    else if (value === false) continue;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** An element with attributes (`onclick` and the like are listeners) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  kind: K,
  given: Given = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(kind);
  put(node, given);
  for (const child of children) if (child) node.append(child);
  return node;
}

/** The same for drawings. */
export function s(kind: string, given: Given = {}, ...children: Child[]): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
  put(node, given);
  for (const child of children) if (child) node.append(child);
  return node;
}

/** Puts other children in the place of those that are there. */
export function fill(node: Element, ...children: Child[]): void {
  node.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}

/** Controls are made anew only where `of` says that others are due: whoever has one under the keys keeps it. */
export function keep(node: HTMLElement, of: string, make: () => Child[]): void {
  if (node.dataset["of"] === of) return;
  node.dataset["of"] = of;
  fill(node, ...make());
}

/** Something short that a person should know, read out by screen readers. */
export function tell(message: string, bad = false): void {
  const box = document.getElementById("told");
  if (!box) return;
  const line = h("div", { class: bad ? "told bad" : "told" }, message);
  box.append(line);
  while (box.childElementCount > 3) box.firstElementChild?.remove();
  window.setTimeout(() => line.remove(), bad ? 9000 : 4000);
}

/** A dialog that Escape, a click beside it, or its button closes. */
export function dialog(title: string, ...children: Child[]): HTMLDialogElement {
  const box = h("dialog", { "aria-label": title });
  const close = h("button", { class: "plain", onclick: () => box.close() }, "Close");
  box.append(h("div", { class: "row between" }, h("h2", {}, title), close));
  for (const child of children) if (child) box.append(child);
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
  document.body.append(box);
  box.showModal();
  return box;
}

/** A new name for an act: sent again with the same one, it counts once. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether somebody is typing, so that keys are text and no commands. */
export function typing(event: Event): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (at.isContentEditable || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement) return true;
  return at instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(at.type);
}

/** A number for people: 1,234,567 or 0.0123. */
export function number(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(digits)));
}

export function percent(value: number): string {
  return `${Math.round(value * 100)}%`;
}

export function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
