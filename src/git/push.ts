// What a push is to those who decide about it.

export interface RefCommand {
  /** Full name, checked: refs/heads/… or refs/tags/… */
  readonly ref: string
  /** Where the client believes the ref to be; undefined: it makes the ref. */
  readonly before: string | undefined
  /** Where the ref is to go; undefined: it deletes the ref. */
  readonly after: string | undefined
}

export interface Push {
  /** One of a kind; the objects are kept under refs/friday/incoming/<id>/ while `run` goes on. */
  readonly id: string
  /** The project's name as in the URL. */
  readonly project: string
  readonly repository: string
  /** Who pushes, as `authorise` said. */
  readonly actor: string
  /** `git push -o <option>`, in order. */
  readonly options: readonly string[]
  readonly commands: readonly RefCommand[]
  /** `git push --atomic`: all refs or none. `run` has to hold to it. */
  readonly atomic: boolean
}

export type RefVerdict = { readonly ref: string; readonly ok: true } | { readonly ref: string; readonly ok: false; readonly reason: string }

export interface Refusal {
  readonly ref: string
  /** Why, as a sentence for the person pushing. */
  readonly refuse: string
}

export interface Receive {
  /**
   * Called while the objects are in quarantine: they cannot be read yet, and one refusal leaves nothing of the whole push.
   * For what is cheap: may this actor move these refs? Options are empty here.
   */
  check(push: Push): Promise<readonly Refusal[]>
  /**
   * Called once per push, when its objects are in the repository. Moves the refs itself (`repositories.updateRef` from
   * `before` to `after`) before it says ok. `say` writes a line to the client, live, and never waits nor throws.
   * `signal` aborts when nobody listens any more; the work may go on, and its verdicts then reach nobody.
   * What the work needs after `run` has settled (a `nowait` push) it must `keep` before: the machine then drops its own
   * incoming refs. If `run` throws they stay, until `maintain` finds them two weeks old.
   */
  run(push: Push, say: (line: string) => void, signal: AbortSignal): Promise<readonly RefVerdict[]>
}
