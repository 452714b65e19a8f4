/** Who is signed in, and the words of the industries that are switched on. */
import { drop, get, post, whenSignedOut, type Schemas } from "./client";
import { answer } from "./early";

export type Industry = Schemas["IndustryWords"];
export type Choice = Schemas["DecisionChoice"];
export type Person = Schemas["WhoAmI"];

class Session {
  person = $state<Person | null>(null);
  industries = $state<Industry[]>([]);
  known = $state(false);
  ended = $state(false);
  /** When it was asked last who is signed in, by `performance.now()`: whatever the page shows was asked for later. */
  asked_ms = 0;

  constructor() {
    whenSignedOut(() => {
      if (this.person) this.ended = true;
      this.person = null;
    });
  }

  /** Asks the server who is signed in; called once when the page opens. */
  async load(): Promise<void> {
    try {
      this.asked_ms = performance.now();
      const [person, industries] = await Promise.all([answer<Person>("/api/v1/session"), answer<Industry[]>("/api/v1/industries")]);
      this.industries = industries; // before any page is built, so that none grows
      this.person = person;
      this.ended = false;
    } catch {
      this.person = null;
    }
    this.known = true;
  }

  /** Finds out whether the session still stands; when it has ended the page asks to sign in again. */
  async check(): Promise<void> {
    await get<Person>("/api/v1/session").catch(() => {});
  }

  async signIn(login: string, password: string): Promise<void> {
    await post("/api/v1/session", { login, password });
    await this.load();
  }

  async signOut(): Promise<void> {
    await drop("/api/v1/session");
    this.ended = false;
    this.person = null;
  }

  /** Whether the person may do an action. */
  may(permission: string): boolean {
    return this.person?.permissions.includes(permission) ?? false;
  }

  industry(name: string): Industry | undefined {
    return this.industries.find((one) => one.name === name);
  }

  choice(industry: string, code: string): Choice | undefined {
    return this.industry(industry)?.decisions.find((one) => one.code === code);
  }
}

export const session = new Session();
