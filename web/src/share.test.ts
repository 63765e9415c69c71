import { expect, test } from 'vitest'
import { fold, linesOf } from './share'

const SHARE = ['0435 VB9W 7Y50 3C8Q HS', '9EB9 ARY9 JEY0 9MP7 8J', 'KRC8 NSZ5 8533 8G9T M9', 'BV65 9PDW SN6J QMT9 K5']
const LINES = SHARE.map((line) => line.replaceAll(' ', ''))

test('blanks, hyphens, letter case and full-width forms do not matter', () => {
  for (const sloppy of ['0435 vb9w', '0435-VB9W', '０４３５　ｖｂ９ｗ', ' 0435\u200BVB9W—']) expect(fold(sloppy)).toBe('0435VB9W')
})

test('a whole share is found in four lines, in one, and below the head of its sheet', () => {
  for (const text of [SHARE.join('\n'), `${SHARE.join('\r\n')}\r\n`, LINES.join(''), SHARE.join(' '), `密钥份额\n批次\n1\n${SHARE.join('\n2\n')}`]) expect(linesOf(text)).toEqual(LINES)
})

test('four lines of which one is short are shown as they are', () => {
  expect(linesOf([...SHARE.slice(0, 3), 'BV65'].join('\n'))).toEqual([...LINES.slice(0, 3), 'BV65'])
})

test('one line or a part of one is no whole share', () => {
  for (const text of ['', SHARE[0] ?? '', LINES.join('').slice(1), 'hello']) expect(linesOf(text)).toBeNull()
})
