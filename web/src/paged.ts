/** A list read page by page with the server's cursors; an older answer never overtakes a newer question. */
import { ref } from 'vue'
import type { Ref } from 'vue'
import { Refused } from './api/client'

export interface Paged<Row> {
  rows: Ref<Row[]>
  busy: Ref<boolean>
  failed: Ref<string>
  next: Ref<string | null>
  trail: Ref<string[]>
  load: () => Promise<void>
  /** Begins again at the first page. */
  again: () => void
  forward: () => void
  back: () => void
}

/** `read` gets the cursor as query fields and answers rows and the next cursor. */
export function paged<Row>(read: (cursor: Record<string, string>) => Promise<{ rows: Row[]; next?: string | null }>): Paged<Row> {
  const rows = ref([]) as Ref<Row[]>
  const busy = ref(true)
  const failed = ref('')
  const next = ref<string | null>(null)
  const trail = ref<string[]>([])
  const cursor = ref('')
  let asked = 0
  async function load() {
    const question = ++asked
    busy.value = true
    failed.value = ''
    try {
      const page = await read(cursor.value ? { cursor: cursor.value } : {})
      if (question !== asked) return
      rows.value = page.rows
      next.value = page.next ?? null
    } catch (error) {
      if (question !== asked) return
      failed.value = error instanceof Refused ? error.problem.title : String(error)
    }
    busy.value = false
  }
  function again() { cursor.value = ''; trail.value = []; void load() }
  function forward() { if (next.value) { trail.value.push(cursor.value); cursor.value = next.value; void load() } }
  function back() { cursor.value = trail.value.pop() ?? ''; void load() }
  return { rows, busy, failed, next, trail, load, again, forward, back }
}
