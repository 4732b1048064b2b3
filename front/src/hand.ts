// What is judged one after the other: the first is on the screen, the next ones are at hand, what is said is sent aside.

import { act } from "./api";
import { tell } from "./dom";
import { Outbox, type Message } from "./outbox";

export class Hand<T> {
  line: T[] = [];
  private readonly said = new Set<string>();
  private readonly outbox: Outbox;
  private asking = false;

  /** `name`: what a thing is called in messages; `lacks`: more is wanted; `changed`: what waits to be sent has changed. */
  constructor(who: string, private readonly name: (thing: T) => string, lacks: () => void, changed: () => void) {
    const refused = (message: Message, why: string): void => {
      this.said.delete(message.body.item);
      tell(`Not taken: ${why}`, true);
      lacks();
    };
    this.outbox = new Outbox(who, refused, changed);
  }

  get now(): T | undefined {
    return this.line[0];
  }

  /** How many messages wait to be sent. */
  get waiting(): number {
    return this.outbox.size;
  }

  flush(): Promise<void> {
    return this.outbox.flush();
  }

  /** Sends what is said of the first; the next one takes its place. */
  say(message: Message): void {
    this.said.add(message.body.item);
    this.line.shift();
    this.outbox.add(message);
  }

  /** Takes back what was said last; null, with a word to whoever did it, if that cannot be or nothing is left. */
  async undo<R>(path: string, body: object = {}): Promise<R | null> {
    try {
      await this.outbox.flush();
      const back = await act<R | null>(path, body);
      if (back === null) tell("There is nothing to take back.");
      return back;
    } catch (error) {
      tell((error as Error).message, true);
      return null;
    }
  }

  /** A thing of that name may be asked about again. */
  unsaid(name: string): void {
    this.said.delete(name);
  }

  /** Puts a thing first again, of which something was taken back. */
  again(thing: T): void {
    const name = this.name(thing);
    this.said.delete(name);
    this.line = [thing, ...this.line.filter((each) => this.name(each) !== name)];
  }

  /** Puts what `ask` brings behind what is there; whether something is there where nothing was. null: somebody asks already. */
  async fill(ask: () => Promise<T[]>): Promise<boolean | null> {
    if (this.asking) return null;
    this.asking = true;
    try {
      const found = await ask();
      const known = new Set(this.line.map(this.name));
      const empty = this.line.length === 0; // now: the last one may have been answered meanwhile
      this.line.push(...found.filter((each) => !known.has(this.name(each)) && !this.said.has(this.name(each)) && !this.outbox.has(this.name(each))));
      return empty && this.line.length > 0;
    } finally {
      this.asking = false;
    }
  }
}
