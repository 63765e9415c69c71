import { expect, test } from 'vitest'
import { Scanner } from './scanner'

function type(scanner: Scanner, text: string, pause: number, from = 1000): string | null {
  let at = from
  let answer: string | null = null
  for (const key of [...text, 'Enter']) {
    at += pause
    answer = scanner.stroke(key, at)
  }
  return answer
}

test('a burst that ends with Enter is a scan', () => {
  expect(type(new Scanner(), '2026-000123-000038', 8)).toBe('2026-000123-000038')
})

test('a person who types is no scanner', () => {
  expect(type(new Scanner(), '2026-000123', 120)).toBeNull()
})

test('what was typed before a scan is no part of it', () => {
  const scanner = new Scanner()
  scanner.stroke('x', 10)
  expect(type(scanner, '1001', 5, 5000)).toBe('1001')
})

test('Enter alone and short bursts are no scans', () => {
  expect(type(new Scanner(), '', 5)).toBeNull()
  expect(type(new Scanner(), 'ab', 5)).toBeNull()
})
