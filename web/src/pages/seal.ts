/** The door of a sealed office: it is not the office, so that its two routes aren't in the API document. */
import { answer } from '../api/client'
import { acceptLanguage } from '../text'

export interface Holder { number: number; name: string; given: boolean }
/** What somebody outside knows and the ledger hasn't. */
export interface Loss { told_by: string; how: 'ahead' | 'forked'; size: number; root: string | null; at: string | null }
export interface Held { journal: number; since: string | null; losses: Loss[] }
/** `held` and `sentence` where the office is open but held: whether to go on is decided by those who type the sentence. */
export interface Seal { kind: 'shares' | 'passphrase' | 'key_file'; needed: number; set: string | null; holders: Holder[]; open: boolean; held?: Held; sentence?: string }
export interface Decision { sentence: string; share?: string; passphrase?: string; account?: string; password?: string }

/** Whether the office serves, is sealed, or is held; nothing while nobody answers, as in the seconds between door and office. */
export async function health(): Promise<'ok' | 'sealed' | 'held' | null> {
  try {
    const response = await fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(5000) })
    return response.ok ? ((await response.json()) as { status: 'ok' | 'sealed' | 'held' }).status : null
  } catch {
    return null
  }
}

export async function readSeal(): Promise<Seal> {
  return ask('/api/seal', { signal: AbortSignal.timeout(5000) })
}

export async function openWith(given: { share: string } | { passphrase: string }): Promise<Seal> {
  return ask('/api/seal/open', { method: 'POST', body: JSON.stringify(given) })
}

export async function goOn(decision: Decision): Promise<Seal> {
  return ask('/api/seal/go-on', { method: 'POST', body: JSON.stringify(decision) })
}

function ask(path: string, how: RequestInit): Promise<Seal> {
  const headers = { 'Content-Type': 'application/json', 'Accept-Language': acceptLanguage.value }
  const request = fetch(path, { ...how, headers, cache: 'no-store' }).then(async (response) => ({
    response,
    data: response.ok ? ((await response.json()) as Seal) : undefined,
  }))
  return answer(request)
}
