/** How long ago something was, and numbers, as people say them. */

/** Milliseconds as an age, Chinese and English. Clocks of two machines differ a little: what seems to come is just now. */
export function age(millis: number): readonly [string, string] {
  const seconds = Math.max(0, Math.round(millis / 1000))
  if (seconds < 2) return ['刚刚', 'just now']
  if (seconds < 90) return [`${seconds} 秒前`, `${seconds} s ago`]
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return [`${minutes} 分钟前`, `${minutes} min ago`]
  const hours = Math.round(minutes / 60)
  if (hours < 48) return [`${hours} 小时前`, `${hours} h ago`]
  return [`${Math.round(hours / 24)} 天前`, `${Math.round(hours / 24)} days ago`]
}

/** A number in groups of three. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}
