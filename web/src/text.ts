/** The two languages of the console, side by side where they are used. Chinese first, English complete. */
import { computed, ref } from 'vue'

export type Language = 'zh' | 'en'

const kept = localStorage.getItem('language')
export const language = ref<Language>(kept === 'en' ? 'en' : 'zh')

export function speak(next: Language): void {
  language.value = next
  localStorage.setItem('language', next)
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
}

/** What is shown: Chinese, or English when that was chosen. */
export function t(zh: string, en: string): string {
  return language.value === 'zh' ? zh : en
}

export const acceptLanguage = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en'))

const WEEKDAYS = { zh: ['周日', '周一', '周二', '周三', '周四', '周五', '周六'], en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] }

/** 2026-11-23 with its weekday, where that helps. */
export function day(date: string | null | undefined, weekday = false): string {
  if (!date) return ''
  const text = date.slice(0, 10)
  if (!weekday) return text
  const at = new Date(`${text}T00:00:00Z`).getUTCDay()
  return `${text} ${WEEKDAYS[language.value][at]}`
}

/** A moment in the office's time. */
export function moment(at: string | null | undefined): string {
  if (!at) return ''
  const office = new Date(new Date(at).getTime() + 8 * 3_600_000)
  return office.toISOString().slice(0, 16).replace('T', ' ')
}

/** Working days left, as people say it. */
export function left(days: number | null | undefined): string {
  if (days === null || days === undefined) return ''
  if (days < 0) return t(`超期 ${-days} 个工作日`, `${-days} working days late`)
  if (days === 0) return t('今天到期', 'due today')
  return t(`还有 ${days} 个工作日`, `${days} working days left`)
}
