/** Where a process is in its life; health answers are read off it. */
export type Stage = 'starting' | 'ready' | 'draining' | 'closed'

export interface State {
  readonly stage: Stage
  /** Moves on, never back: a draining replica does not become ready again. */
  enter(stage: Stage): void
}

const ORDER: readonly Stage[] = ['starting', 'ready', 'draining', 'closed']

export function createState(): State {
  let stage: Stage = 'starting'
  return {
    get stage() {
      return stage
    },
    enter(next) {
      if (ORDER.indexOf(next) > ORDER.indexOf(stage)) stage = next
    },
  }
}
