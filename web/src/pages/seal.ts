/** The door of a sealed office: it is not the office, so that its two routes aren't in the API document. */
import { answer } from '../api/client'
import { acceptLanguage } from '../text'

export interface Holder { number: number; name: string; given: boolean }
export interface Seal { kind: 'shares' | 'passphrase'; needed: number; set: string | null; holders: Holder[]; open: boolean }

/** Whether the office serves, or is sealed; nothing while nobody answers, as in the seconds between door and office. */
export async function health(): Promise<'ok' | 'sealed' | null> {
  try {
    const response = await fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(5000) })
    return response.ok ? ((await response.json()) as { status: 'ok' | 'sealed' }).status : null
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

function ask(path: string, how: RequestInit): Promise<Seal> {
  const headers = { 'Content-Type': 'application/json', 'Accept-Language': acceptLanguage.value }
  const request = fetch(path, { ...how, headers, cache: 'no-store' }).then(async (response) => ({
    response,
    data: response.ok ? ((await response.json()) as Seal) : undefined,
  }))
  return answer(request)
}
