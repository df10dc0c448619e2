/** The life of a process. The health endpoints report it. */
export type ProcessStage = 'starting' | 'ready' | 'draining' | 'closed'

/** Why a replica that starts is not ready yet; `message` is for an operator. */
export interface NotReadyCause {
  readonly kind: 'schema' | 'database'
  readonly message: string
}

export interface State {
  readonly stage: ProcessStage
  /** Never goes back: a draining replica does not become ready again. */
  enter(stage: ProcessStage): void
}

const ORDER: readonly ProcessStage[] = ['starting', 'ready', 'draining', 'closed']

export function createState(): State {
  let stage: ProcessStage = 'starting'
  return {
    get stage() {
      return stage
    },
    enter(next) {
      if (ORDER.indexOf(next) > ORDER.indexOf(stage)) stage = next
    },
  }
}
