/** Who is signed in, and the words of the industries that are switched on. */
import { drop, get, post, whenSignedOut, type Schemas } from "./client";

export type Industry = Schemas["IndustryWords"];
export type Choice = Schemas["DecisionChoice"];
export type Person = Schemas["WhoAmI"];

class Session {
  person = $state<Person | null>(null);
  industries = $state<Industry[]>([]);
  known = $state(false);
  ended = $state(false);

  constructor() {
    whenSignedOut(() => {
      if (this.person) this.ended = true;
      this.person = null;
    });
  }

  /** Asks the server who is signed in; called once when the page opens. */
  async load(): Promise<void> {
    try {
      this.person = await get<Person>("/api/v1/session");
      this.industries = await get<Industry[]>("/api/v1/industries");
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
