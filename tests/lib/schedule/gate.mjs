// A gate where actors stand between two acts. While it is closed, nobody acts.
import { until } from '../wait.mjs'

export class Gate {
  constructor() {
    this.inside = 0
  }

  async pass(act) {
    while (this.shut) await this.shut
    this.inside++
    try {
      return await act()
    } finally {
      this.inside--
    }
  }

  /** Lets nobody in any more. Returns when all are out. */
  async close() {
    this.shut = new Promise((resolve) => (this.release = resolve))
    await until(() => this.inside === 0, { timeout: 60_000, what: 'all actors stand at the gate' })
  }

  open() {
    this.shut = undefined
    this.release?.()
  }
}
