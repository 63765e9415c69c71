import { expect, test } from 'vitest'
import { asked, momentOf, partsOf } from './past'

test('what can be asked of the past is, what cannot stays as it is', () => {
  expect(asked('/api/items?level=2', '2026-11-17')).toBe('/api/items?level=2&as_of=2026-11-17')
  expect(asked('http://127.0.0.1:8443/api/items/01kx/history', '2026-11-17')).toBe('http://127.0.0.1:8443/api/items/01kx/history?as_of=2026-11-17')
  expect(asked('/api/items.xlsx?', '2026-11-17T14:30:59.999+08:00')).toBe('/api/items.xlsx?as_of=2026-11-17T14%3A30%3A59.999%2B08%3A00')
  expect(asked('/api/items?as_of=2026-11-01', '2026-11-17')).toBe('/api/items?as_of=2026-11-01')
  for (const path of ['/api/me', '/api/itemsXxlsx', '/api/items/01kx/allowed', '/api/knew']) expect(asked(path, '2026-11-17')).toBe(path)
  expect(asked('/api/items', '')).toBe('/api/items')
})

test('a moment is the end of its day or of its minute', () => {
  expect(momentOf('2026年11月17日', '')).toBe('2026-11-17')
  expect(momentOf('2026-11-17', '２４：００')).toBe('2026-11-17')
  expect(momentOf('2026.11.17', '9:05')).toBe('2026-11-17T09:05:59.999+08:00')
  for (const [day, time] of [['2026-02-30', ''], ['', '9:00'], ['2026-11-17', '25:00'], ['2026-11-17', '9:60'], ['2026-11-17', 'noon']] as const) expect(momentOf(day, time)).toBeNull()
  expect(partsOf('2026-11-17T09:05:59.999+08:00')).toEqual({ day: '2026-11-17', time: '09:05' })
  expect(partsOf('2026-11-17')).toEqual({ day: '2026-11-17', time: '' })
})
