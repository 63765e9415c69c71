import { expect, test } from 'vitest'
import { bars, square } from './barcode'

/** Code 128 tells its own sum: start, data, check, stop of 13 modules, eleven for each of the others. */
test('a label becomes bars that end as Code 128 ends', () => {
  const { bars: runs, width } = bars('2026-000123-000038')
  expect((width - 13) % 11).toBe(0)
  const last = runs.at(-1)
  expect(last && last.at + last.wide).toBe(width)
  expect(runs.slice(-4).map((run) => run.wide)).toEqual([2, 3, 1, 2])
})

test('two labels never look alike', () => {
  expect(square('2026-000123-000038').path).not.toBe(square('2026-000123-000039').path)
  expect(square('2026-000123-000038').side).toBe(21)
})
