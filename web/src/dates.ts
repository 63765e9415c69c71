/** Days as people type them. What isn't surely a day is never turned into one; the server folds by the same rule. */

/** The day typed, as 2026-11-23; nothing when it isn't one. Full-width digits, dots, slashes, 年月日 and eight digits in a row are understood; a year must stand there. */
export function foldDay(typed: string): string | null {
  const plain = typed.normalize('NFKC').replace(/\s/g, '').replace(/[日号.]$/, '')
  const parts = /^\d{8}$/.test(plain) ? [plain.slice(0, 4), plain.slice(4, 6), plain.slice(6)] : plain.split(/[-/.年月、—·]/)
  if (parts.length !== 3 || !/^\d{4}$/.test(parts[0]!) || !parts.slice(1).every((part) => /^\d{1,2}$/.test(part))) return null
  const [year, month, day] = parts.map(Number) as [number, number, number]
  const at = new Date(Date.UTC(year, month - 1, day))
  if (year < 1900 || at.getUTCFullYear() !== year || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return null
  return at.toISOString().slice(0, 10)
}

/** Today in the office's time. */
export function today(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
}
