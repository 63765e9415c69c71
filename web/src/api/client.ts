/** The typed client: every path and type comes from the API document. */
import createClient from 'openapi-fetch'
import { ref } from 'vue'
import { asked, past } from '../past'
import { acceptLanguage, t } from '../text'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** Why the server didn't do what was asked. */
export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  code: string
  clauses?: { id: string; zh: string; en: string }[]
  facts?: Record<string, unknown>
  cure?: { role?: string; zh: string; en: string }[] | null
  field?: string | null
  found?: unknown
  expected?: string | null
  entry?: number | null
}

/** Thrown where a request ends in a problem; shown as a panel by whoever asked. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title)
    hear(problem)
  }
}

/** Set when the session is over; the shell asks for the password and loses nothing that was typed. */
export const locked = ref(false)

/** Set when the office turns out to be sealed; nothing but the unseal page works then. */
export const sealed = ref(false)

function hear(problem: Problem): void {
  if (problem.code === 'sealed') sealed.value = true
}

const client = createClient<paths>({ baseUrl: '' })
client.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', acceptLanguage.value)
    const href = request.method === 'GET' ? asked(request.url) : request.url
    return href === request.url ? request : new Request(href, request)
  },
  async onResponse({ response }) {
    if (response.status === 503) hear(await problemOf(response))
  },
})

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.clone().json()) as Problem
  } catch {
    return { type: 'about:blank', title: `HTTP ${response.status}`, status: response.status, code: 'unknown' }
  }
}

/** The answer of a request, or its problem thrown. */
export async function answer<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let result
  try {
    result = await request
  } catch {
    const title = acceptLanguage.value === 'en' ? 'The server does not answer; is it running?' : '服务器没有应答，请确认服务正在运行'
    throw new Refused({ type: 'about:blank', title, status: 0, code: 'unreachable' })
  }
  if (result.response.ok) return result.data as T
  const problem = await problemOf(result.response).catch(() => result.error as Problem)
  const shown = result.error && typeof result.error === 'object' && 'code' in result.error ? (result.error as Problem) : problem
  if (result.response.status === 401 && shown.code !== 'session.wrong') locked.value = true
  throw new Refused(shown)
}

export const api = client

type ActionPath = Extract<keyof paths, `/api/actions/${string}`>
export type ActionName = ActionPath extends `/api/actions/${infer Name}` ? Name : never
type Post<N extends ActionName> = paths[`/api/actions/${N}`] extends { post: infer P } ? P : never
export type Input<N extends ActionName> = Post<N> extends { requestBody?: { content: { 'application/json': infer I } } } ? I : never
type Done<N extends ActionName> = Post<N> extends { responses: { 200: { content: { 'application/json': infer D } } } } ? D : never
export type Outcome<N extends ActionName> = Done<N> extends { outcome: infer O } ? O : never

const running = new Map<string, Promise<unknown>>()

/** Does an action; `seen` is the version of the record it is about, as it was shown. Asked twice by a double click, it is done once. */
export function act<N extends ActionName>(name: N, input: Input<N>, seen?: number): Promise<Outcome<N>> {
  const key = `${name} ${JSON.stringify(input)}`
  const before = running.get(key) as Promise<Outcome<N>> | undefined
  if (before) return before
  const doing = post(name, input, seen).finally(() => running.delete(key))
  running.set(key, doing)
  return doing
}

async function post<N extends ActionName>(name: N, input: Input<N>, seen?: number): Promise<Outcome<N>> {
  // Pages of the past offer nothing to do; whatever slips through ends here.
  if (past.value) throw new Refused({ type: 'about:blank', title: t('正在看过去，不能办理', 'This is the past; nothing can be done here'), status: 0, code: 'past', detail: t('请先点“回到现在”，或按 Esc，再办理。', 'Go back to now first, by the button or Escape.') })
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'Accept-Language': acceptLanguage.value }
  if (seen !== undefined) headers['If-Match'] = `"${seen}"`
  const request = fetch(`/api/actions/${name}`, { method: 'POST', headers, body: JSON.stringify(input) }).then(async (response) => ({
    response,
    data: response.ok ? ((await response.json()) as { outcome: Outcome<N> }) : undefined,
    error: response.ok ? undefined : await problemOf(response),
  }))
  return (await answer(request)).outcome
}

/** A second person confirms at this terminal, without a session of the own. */
export async function countersign(account: string, password: string, action: string, input: Record<string, unknown>): Promise<void> {
  await answer(api.POST('/api/countersign', { body: { account, password, action, input } as never }))
}
