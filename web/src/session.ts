/** Who is signed in, the names everybody uses, and what happened meanwhile. */
import { computed, onActivated, onBeforeUnmount, onDeactivated, onMounted, reactive, ref } from 'vue'
import { api, answer, locked, Refused, sealed } from './api/client'
import type { Problem, Schemas } from './api/client'
import { day, t } from './text'

export const me = ref<Schemas['Me'] | null>(null)

export const roles = computed<string[]>(() => me.value?.person.roles ?? [])
export function is(...wanted: string[]): boolean {
  return wanted.some((one) => roles.value.includes(one))
}
export const keeps = computed(() => is('registrar', 'custodian'))
export const administers = computed(() => is('system_administrator', 'security_administrator', 'security_auditor'))

export async function whoAmI(): Promise<void> {
  const result = await api.GET('/api/me')
  me.value = result.response.ok ? (result.data ?? null) : null
  locked.value = false
  if (me.value) await learnNames()
}

export async function signIn(account: string, password: string): Promise<void> {
  me.value = await answer(api.POST('/api/sign-in', { body: { account, password } }))
  locked.value = false
  if (listeners.size) listen()
  await learnNames()
}

/** Other tabs of this browser hear at once that the session is over. */
const tabs = new BroadcastChannel('session')
tabs.onmessage = () => { if (me.value) locked.value = true }

export async function signOut(): Promise<void> {
  tabs.postMessage('over')
  silence()
  await api.POST('/api/sign-out', { headers: { 'Content-Type': 'application/json' } })
  me.value = null
}

export const names = reactive({
  people: new Map<string, Schemas['Name']>(),
  departments: new Map<string, string>(),
  rooms: new Map<string, Schemas['Room']>(),
  cabinets: new Map<string, Schemas['Cabinet']>(),
})

/** Names are needed on every page; they are few and change rarely. */
export async function learnNames(): Promise<void> {
  const [people, departments, rooms, cabinets] = await Promise.all([
    answer(api.GET('/api/directory')),
    answer(api.GET('/api/departments')),
    answer(api.GET('/api/rooms')),
    answer(api.GET('/api/cabinets')),
  ])
  names.people = new Map(people.rows.map((one) => [one.id, one]))
  names.departments = new Map(departments.rows.map((one) => [one.record.id, one.record.name]))
  names.rooms = new Map(rooms.rows.map((one) => [one.record.id, one.record]))
  names.cabinets = new Map(cabinets.rows.map((one) => [one.cabinet.id, one.cabinet]))
}

export function personName(id: string | null | undefined): string {
  if (!id) return ''
  if (id === 'clock') return t('时钟', 'Clock')
  if (id === 'founder') return t('初建', 'Founder')
  return names.people.get(id)?.name ?? '—'
}
/** A day reckoned in working days; marked where that year's calendar isn't published yet. */
export function dueDay(date: string | null | undefined): string {
  if (!date) return ''
  const published = me.value?.published_years.includes(Number(date.slice(0, 4))) ?? true
  return day(date, true) + (published ? '' : t('（暂定）', ' (provisional)'))
}
export function departmentName(id: string | null | undefined): string {
  return id ? (names.departments.get(id) ?? '—') : ''
}
export function cabinetName(id: string | null | undefined): string {
  return id ? (names.cabinets.get(id)?.name ?? '—') : ''
}

/** The refusal that is shown as a panel over the page. */
export const refusal = ref<Problem | null>(null)

/** Runs what was asked for; a refusal becomes a panel. Answers whether it was done. */
export async function trying(what: () => Promise<unknown>): Promise<boolean> {
  try {
    await what()
    return true
  } catch (error) {
    if (error instanceof Refused) {
      if (!locked.value && !sealed.value) refusal.value = error.problem
      return false
    }
    throw error
  }
}

type Listener = (kinds: string[]) => void
const listeners = new Set<Listener>()
let source: EventSource | null = null

/** Tells the listener which kinds of records changed, until it is taken off again. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener)
  listen()
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) silence()
  }
}

function listen(): void {
  if (source) return
  source = new EventSource('/api/live')
  source.addEventListener('change', (event) => tell((event as MessageEvent<string>).data))
  // Ended from elsewhere (signed out in another window, rights taken, password reset): what is shown is hidden at once.
  source.addEventListener('over', () => {
    silence()
    if (me.value) locked.value = true
  })
}

function silence(): void {
  source?.close()
  source = null
}

/** Loads now, whenever the page is shown again, and whenever one of these kinds of records changes meanwhile. */
export function live(load: () => unknown, wanted: string[], still: () => boolean = () => true): void {
  let off: (() => void) | null = null
  const on = () => {
    if (off) return
    load()
    off = onChange((kinds) => { if (still() && kinds.some((kind) => kind === '*' || wanted.includes(kind))) load() })
  }
  const end = () => { off?.(); off = null }
  onMounted(on)
  onActivated(on)
  onDeactivated(end)
  onBeforeUnmount(end)
}

function tell(data: string): void {
  const kinds = (JSON.parse(data) as { kinds?: string[] }).kinds ?? []
  for (const listener of listeners) listener(kinds)
}
