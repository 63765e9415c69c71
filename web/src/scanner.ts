/** A handheld scanner is a keyboard that types faster than any person and ends with Enter. */

/** Longest pause between two strokes of a scanner, milliseconds; people need twice that. */
const PAUSE = 35
/** Fewer characters than this are nobody's label. */
const LEAST = 4

export class Scanner {
  private typed = ''
  private last = 0

  /** Takes a stroke; answers the whole code when it was the Enter of a scan. */
  stroke(key: string, at: number): string | null {
    const quick = at - this.last <= PAUSE
    this.last = at
    if (key === 'Enter') {
      const code = quick && this.typed.length >= LEAST ? this.typed : null
      this.typed = ''
      return code
    }
    if (key.length !== 1) return null
    this.typed = quick ? this.typed + key : key
    return null
  }
}
