/** A key holder's share as it is typed, pasted and scanned. */

/** Lines of a share sheet, and characters of a line. */
export const LINES = 4
export const LINE = 18

/** What of a line counts: no blanks or hyphens, upper case, no full-width forms. */
export function fold(text: string): string {
  return text.normalize('NFKC').toUpperCase().replace(/[\s\u200B-\u200D\uFEFF\u2010-\u2015\u2212-]/g, '')
}

/** The four lines, however a whole share was pasted or scanned; nothing for any other text. */
export function linesOf(text: string): string[] | null {
  const lines = text.split(/[\r\n]+/).map(fold).filter((line) => line !== '')
  const whole = lines.filter((line) => line.length === LINE)
  if (whole.length === LINES) return whole
  if (lines.length === LINES) return lines
  const code = lines.join('')
  return code.length === LINES * LINE ? Array.from({ length: LINES }, (_, at) => code.slice(at * LINE, (at + 1) * LINE)) : null
}
