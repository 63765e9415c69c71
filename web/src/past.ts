/** 截至: the past moment that the whole console shows. It stands in the address, so that it survives a reload and can be sent to a colleague. Asks with it what can be asked so; does nothing else. */
import { ref } from 'vue'
import type { LocationQuery } from 'vue-router'
import type { paths } from './api/schema'
import { foldDay } from './dates'

/** The moment as it stands in the address: a day (its end) or a moment; empty for now. */
export const past = ref('')

/** Views that take `as_of`, by the API document: a path missing here, or one too many, is an error of types. */
type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never
type Able = { [P in keyof paths]: [Query<P>] extends [never] ? never : 'as_of' extends keyof Query<P> ? P : never }[keyof paths]
const ABLE: Record<Able, true> = {
  '/api/items': true,
  '/api/items/count': true,
  '/api/items/facets': true,
  '/api/items.xlsx': true,
  '/api/items/{item}': true,
  '/api/items/{item}/files': true,
  '/api/items/{item}/history': true,
  '/api/items/{item}/timeline': true,
  '/api/loans': true,
  '/api/loans.xlsx': true,
  '/api/loans/{loan}': true,
  '/api/reading-sessions': true,
  '/api/reading-sessions.xlsx': true,
  '/api/receipts': true,
  '/api/receipts.xlsx': true,
  '/api/receipts/{receipt}': true,
  '/api/rooms': true,
  '/api/cabinets': true,
  '/api/cabinets/{cabinet}': true,
  '/api/cabinets/{cabinet}/contents.xlsx': true,
  '/api/people': true,
  '/api/people.xlsx': true,
  '/api/people/{person}': true,
  '/api/people/{person}/held': true,
  '/api/directory': true,
  '/api/leavings': true,
  '/api/leavings.xlsx': true,
  '/api/checks': true,
  '/api/checks.xlsx': true,
  '/api/posts': true,
  '/api/posts.xlsx': true,
  '/api/departments': true,
  '/api/incidents': true,
  '/api/incidents.xlsx': true,
  '/api/prints': true,
  '/api/moment': true,
}
const able = new RegExp(`^(${Object.keys(ABLE).map((path) => path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')).join('|')})$`)

/** The address to ask, with the moment where it can be asked so. One that names a moment itself keeps it. */
export function asked(href: string, at: string = past.value): string {
  const [path = '', query = ''] = href.split('?')
  const bare = path.replace(/^https?:\/\/[^/]+/, '')
  if (!at || !able.test(bare)) return href
  const fields = new URLSearchParams(query)
  if (!fields.has('as_of')) fields.set('as_of', at)
  return `${path}?${fields.toString()}`
}

/** The moment in an address; empty for none. */
export function momentIn(query: LocationQuery): string {
  return typeof query.as_of === 'string' ? query.as_of : ''
}

/** A day and a time of day as typed, as it stands in the address; nothing when either can't be meant. No time, or 24:00, is the end of the day; a minute is meant with all its seconds. */
export function momentOf(day: string, time: string): string | null {
  const date = foldDay(day)
  const plain = time.normalize('NFKC').replace(/\s/g, '')
  if (!date) return null
  if (!plain || plain === '24:00') return date
  const parts = /^(\d{1,2}):(\d{2})$/.exec(plain)
  if (!parts || Number(parts[1]) > 23 || Number(parts[2]) > 59) return null
  return `${date}T${parts[1]!.padStart(2, '0')}:${parts[2]}:59.999+08:00`
}

/** The day and the time of day of a moment in an address. */
export function partsOf(at: string): { day: string; time: string } {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?/.exec(at)
  return { day: parts?.[1] ?? '', time: parts?.[2] ?? '' }
}
