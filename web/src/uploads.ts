/** Sends a file in parts, so that a break of the line or of the server costs a part, not the file. */
import { act, answer, api, Refused } from './api/client'
import type { Input, Schemas } from './api/client'
import { t } from './text'

/** Bytes sent at once. */
const PART = 8 << 20
/** Largest file that is sent in one piece together with its registration, bytes. */
export const WHOLE = 8 << 20
/** How often a part is tried. */
const TRIES = 6

export interface Sending { name: string; total: number; sent: number; stop: () => void }

/** Begins a file of an item, or goes on with one, and sends it; `told` hears how far it is. */
export async function send(item: string, file: File, told: (sending: Sending) => void, begun?: Schemas['File']): Promise<void> {
  const stopping = new AbortController()
  const sending: Sending = { name: file.name, total: file.size, sent: 0, stop: () => stopping.abort() }
  const id = (begun ?? (await act('file.begin', { item, name: file.name, bytes: file.size }))).id
  const path = { params: { path: { file: id } } }
  if (begun) {
    const known = await answer(api.GET('/api/files/{file}/bytes', path))
    if (!(await same(file, known.parts))) throw new Refused({ type: '', status: 409, code: 'upload.other_file', title: t('不是同一个文件', 'Another file'), detail: t(`所选的“${file.name}”与已传的部分内容不同。请选原来的文件，或放弃后重新上传。`, `“${file.name}” differs from what has come so far. Choose the same file, or give this upload up.`) })
    sending.sent = known.received
  }
  told(sending)
  let tries = 0
  while (sending.sent < file.size || file.size === 0) {
    if (stopping.signal.aborted) return
    const part = file.slice(sending.sent, sending.sent + PART)
    try {
      const request = api.PUT('/api/files/{file}/bytes/{from}', {
        params: { path: { file: id, from: String(sending.sent) } },
        body: part as never,
        bodySerializer: (body: unknown) => body as Blob,
        headers: { 'Content-Type': 'application/octet-stream' },
        signal: stopping.signal,
      })
      sending.sent = (await answer(request)).received
      tries = 0
      told(sending)
      if (sending.sent >= file.size) return
    } catch (error) {
      const lost = error instanceof Refused && (error.problem.code === 'unreachable' || error.problem.code === 'upload.offset' || error.problem.code === 'upload.busy')
      if (!lost || stopping.signal.aborted || ++tries > TRIES) {
        if (stopping.signal.aborted) return
        throw error
      }
      // Wait a little longer each time, then ask how much came before.
      await new Promise((wake) => window.setTimeout(wake, 500 * 2 ** tries))
      const known = await api.GET('/api/files/{file}/bytes', path).catch(() => null)
      if (known?.data) sending.sent = known.data.received
    }
  }
}

/** Registers an item together with its file, which is at most `WHOLE`. */
export async function takeIn(registration: Input<'item.register'>, file: File): Promise<{ item: Schemas['Item']; copies: Schemas['Copy'][] }> {
  const form = new FormData()
  form.append('registration', JSON.stringify(registration))
  form.append('file', file, file.name)
  return answer(api.POST('/api/items', { body: form as never, bodySerializer: () => form }))
}

/** Whether the file at hand begins with what has come. */
async function same(file: File, parts: Schemas['UploadPart'][]): Promise<boolean> {
  for (const part of parts) {
    const bytes = await file.slice(part.from, part.to).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    if ([...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') !== part.digest) return false
  }
  return true
}

/** Bytes as people say them. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1 << 20) return `${Math.round(bytes / 1024)} KB`
  return bytes < 1 << 30 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${(bytes / (1 << 30)).toFixed(2)} GB`
}
