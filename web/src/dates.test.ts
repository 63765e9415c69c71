import { expect, test } from 'vitest'
import { foldDay } from './dates'

test('a day is understood however it is typed', () => {
  for (const typed of ['2026-11-05', '2026.11.5', '2026/11/5', '２０２６.11.5', '2026年11月5日', '20261105', ' 2026-11-5 ', '２０２６-１１-０５']) {
    expect(foldDay(typed), typed).toBe('2026-11-05')
  }
})

test('what is no day, or no whole one, becomes none', () => {
  for (const typed of ['11.5', '2025.13.2', '2025-02-29', '0001-01-01', '26.11.5', '五月', '2026-11', '']) {
    expect(foldDay(typed), typed).toBeNull()
  }
})
