import { expect, test } from 'vitest'
import { age, grouped } from './ages'

test('ages are said in the unit that fits', () => {
  expect([-5000, 1400, 12_000, 89_000, 91_000, 5_300_000, 5_500_000, 40 * 3_600_000, 50 * 3_600_000].map((one) => age(one)[0])).toEqual(['刚刚', '刚刚', '12 秒前', '89 秒前', '2 分钟前', '88 分钟前', '2 小时前', '40 小时前', '2 天前'])
})

test('numbers are grouped', () => {
  expect([0, 12, 999, 3204, 1234567].map(grouped)).toEqual(['0', '12', '999', '3,204', '1,234,567'])
})
