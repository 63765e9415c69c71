/** Putting a text onto the clipboard, also where the browser keeps its own interface for that to pages under TLS. */
import { ElMessage } from 'element-plus'
import { t } from './text'

export async function copy(text: string): Promise<void> {
  const done = await put(text)
  ElMessage({ type: done ? 'success' : 'warning', message: done ? t('已复制', 'Copied') : t('浏览器不允许复制，请选中文字后按 Ctrl+C', 'The browser doesn’t allow copying; select the text and press Ctrl+C'), duration: 2500 })
}

async function put(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    field.className = 'sr'
    document.body.append(field)
    field.select()
    const done = document.execCommand('copy')
    field.remove()
    return done
  }
}
