/** Parameters in words, and what another value of one would touch. */
import { answer, api } from './api/client'
import type { Schemas } from './api/client'
import { t } from './text'

const UNITS: Record<string, readonly [string, string]> = { years: ['年', 'years'], months: ['个月', 'months'], days: ['天', 'days'], working_days: ['个工作日', 'working days'], hours: ['小时', 'hours'], minutes: ['分钟', 'minutes'], people: ['人', 'people'], hour: ['时', "o'clock"], characters: ['个字符', 'characters'], rows: ['行', 'rows'], level: ['级', 'level'], switch: ['（1 是 0 否）', '(1 yes, 0 no)'] }
export function unit(code: string): string {
  const pair = UNITS[code]
  return pair ? t(pair[0], pair[1]) : code
}

const EFFECTS: Record<string, (count: number) => string> = {
  loans_keep_longer_term: (n) => t(`${n} 笔在外借阅的期限长于新值，仍按原期限。`, `${n} loans are out for longer than that; they keep their terms.`),
  loans_reminded_now: (n) => t(`${n} 笔在外借阅将立即进入到期提醒。`, `${n} loans would be reminded of at once.`),
  items_keep_longer_period: (n) => t(`${n} 件文件的保密期限长于新值，仍按原期限。`, `${n} items have a longer period; they keep it.`),
  items_announced_now: (n) => t(`${n} 件文件将立即列入到期预告。`, `${n} items would be announced at once.`),
  people_keep_review_day: (n) => t(`${n} 人已有审查结果，下次审查日期不变。`, `${n} people have a review; its next day stays.`),
  accounts_keep_shorter_password: (n) => t(`${n} 个在用账户，现口令到下次修改时才按新值检查。`, `${n} open accounts; the length is asked for at their next change.`),
  content_above_ceiling: (n) => t(`${n} 件高于该级别的文件已有电子件，保留不动，不再增加。`, `${n} items above it have files; they stay, none is added.`),
}

/** What the value would touch today, in words; nothing found is said too. */
export async function effectOf(key: string, value: number): Promise<string[]> {
  const rows: Schemas['Effect'][] = (await answer(api.GET('/api/parameters/{key}/effect', { params: { path: { key }, query: { value } } as never }))).rows
  const touched = rows.filter((row) => row.count > 0).map((row) => EFFECTS[row.kind]?.(row.count) ?? `${row.kind}: ${row.count}`)
  return touched.length ? touched : [t('不影响正在进行的事项。', 'Nothing that runs is touched.')]
}
