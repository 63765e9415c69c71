// Files in the browser: uploaded, prepared, read page by page, searched, refused, and taken away in the midst of reading.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, confirm, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const ask = (page, action, body) => page.evaluate(async ([name, input]) => {
  const response = await fetch(`/api/actions/${name}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(input) })
  return { status: response.status, body: await response.json() }
}, [action, body])

const LETTER = `${'各部门：现将涉密载体清点安排通知如下，请于月底前完成清点并报送甲号清单。\n'.repeat(12)}\f第二页\n${'清点结果由部门负责人签字确认，差异当日报告保密办公室。\n'.repeat(12)}\f第三页\n附：甲号清单。\n`

async function registered(page, title, level, scope) {
  const done = await ask(page, 'item.register', { item: { title, source: '省国家保密局', category: 'decision', level, scope, copies: 1 } })
  assert.equal(done.status, 200, JSON.stringify(done.body))
  return done.body.outcome.item
}
const drawn = (page, number) => page.locator(`canvas[data-shown="${number}"]`).waitFor()

let file
let item

test('a file is uploaded with its progress, prepared, and read page by page; words in it are found', async () => {
  const page = await office.as('zhoumin')
  const people = await page.evaluate(async () => (await (await fetch('/api/directory')).json()).rows)
  const lilei = people.find((one) => one.name === '李雷').id
  item = await registered(page, '关于清点涉密载体的通知', 2, { kind: 'named', people: [lilei], departments: [] })
  await page.goto(`${office.base}/items/${item.id}`)
  await page.getByText('还没有电子件。').waitFor()
  await page.getByLabel('选择要上传的文件').setInputFiles({ name: '清点通知.txt', mimeType: 'text/plain', buffer: Buffer.from(LETTER) })
  await page.getByRole('link', { name: '阅读', exact: true }).waitFor({ timeout: 30_000 })
  await page.getByText(/文本 · 3 页/).waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'files-1280.png') })
  file = await page.evaluate(async (id) => (await (await fetch(`/api/items/${id}/files`)).json()).rows[0].file, item.id)

  // Someone in the scope finds it by what it says, and reads.
  const reader = await office.as('lilei')
  await reader.goto(`${office.base}/items?q=${encodeURIComponent('甲号清单 清点')}`)
  const passage = reader.getByRole('link', { name: '清点通知.txt 第 1 页' })
  await passage.waitFor()
  assert.equal(await reader.locator('mark').first().innerText(), '甲号清单')
  await passage.click()
  await drawn(reader, 1)
  await reader.getByRole('status').filter({ hasText: /^1 \/ \d+$/ }).waitFor()
  assert.ok(await reader.locator('.hit').count() > 0)
  await reader.getByRole('main', { name: '页面' }).focus()
  await reader.keyboard.press('PageDown')
  await drawn(reader, 2)
  await reader.getByLabel('页码').fill('3')
  await reader.keyboard.press('Enter')
  await drawn(reader, 3)
  await reader.getByRole('button', { name: '第 1 页' }).click()
  await drawn(reader, 1)
  await settled(reader)
  assert.deepEqual(await axe(reader), [])
  await reader.screenshot({ path: join(screenshots, 'viewer-1280.png') })
  // Nothing of it is kept: no page in the browser's cache, none on paper.
  const kept = await reader.evaluate(() => performance.getEntriesByType('resource').filter((one) => /\/api\/readings\/.*\/pages\//.test(one.name)).every((one) => one.transferSize > 300))
  assert.ok(kept, 'every page came over the line')
  await reader.emulateMedia({ media: 'print' })
  assert.ok(await reader.locator('canvas[data-shown]').isHidden())
  await reader.getByText('阅读页面不能打印').waitFor()
  await reader.emulateMedia({ media: 'screen' })

  // Who knew it, with the pages.
  await page.goto(`${office.base}/items/${item.id}`)
  await page.getByRole('tab', { name: '谁知悉' }).click()
  await page.getByText('第 1-3 页').waitFor()
  await page.screenshot({ path: join(screenshots, 'who-knew-1280.png') })

  // The right is taken while the reader sits before the page: the next one doesn't come.
  const head = people.find((one) => one.name === '吴芳').id
  const narrowed = await ask(page, 'item.rescope', { item: item.id, scope: { kind: 'named', people: [head], departments: [] } })
  assert.equal(narrowed.status, 200, JSON.stringify(narrowed.body))
  await reader.getByRole('main', { name: '页面' }).focus()
  await reader.keyboard.press('PageDown')
  await reader.getByTestId('reading-refused').waitFor()
  assert.equal(await reader.locator('canvas[data-shown="0"]').count(), 1, 'the page that was there is wiped')
  assert.ok(!(await reader.locator('.sheet').isVisible()))
  await reader.screenshot({ path: join(screenshots, 'reading-revoked-1280.png') })
  await reader.goto(`${office.base}/items?q=${encodeURIComponent('甲号清单')}`)
  await reader.getByText('没有符合条件的文件').waitFor()
})

test('what is broken says so, what is above the ceiling is refused, and who is outside finds no file', async () => {
  const page = await office.as('zhoumin')
  const fine = await registered(page, '关于坏文件的说明', 1, { kind: 'everyone' })
  await page.goto(`${office.base}/items/${fine.id}`)
  await page.getByLabel('选择要上传的文件').setInputFiles({ name: '坏.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\nnothing more') })
  await page.getByText('文件已损坏').waitFor({ timeout: 30_000 })
  const people = await page.evaluate(async () => (await (await fetch('/api/directory')).json()).rows)
  const top = await registered(page, '关于绝密事项的请示', 4, { kind: 'named', people: [people.find((one) => one.name === '李雷').id], departments: [] })
  await page.goto(`${office.base}/items/${top.id}`)
  await page.getByLabel('选择要上传的文件').setInputFiles({ name: '绝密.txt', mimeType: 'text/plain', buffer: Buffer.from('绝密') })
  const refusal = page.getByTestId('refusal')
  await refusal.waitFor()
  assert.match(await refusal.innerText(), /机密/)
  assert.match(await refusal.innerText(), /3\.3\.1\.4/)
  await page.screenshot({ path: join(screenshots, 'above-ceiling-1280.png') })
  await press(page, '知道了')

  const outsider = await office.as('hanmei')
  await outsider.goto(`${office.base}/read/${file.id}`)
  await outsider.getByTestId('reading-refused').waitFor()
})

test('a search is narrowed by what it finds, and every count is the reader’s own', async () => {
  // The letters of the demonstration are prepared in the background after the office has opened.
  const registrar = await office.as('zhoumin')
  await registrar.waitForFunction(async (words) => (await (await fetch(`/api/items/count?q=${encodeURIComponent(words)}`)).json()).count === 24, '年度预算安排', { timeout: 60_000, polling: 500 })
  const counted = async (account) => {
    const page = await office.as(account)
    await page.goto(`${office.base}/items?q=${encodeURIComponent('年度预算安排')}`)
    const secret = page.getByRole('group', { name: '按属性缩小范围' }).getByRole('button', { name: /^秘密 \d+$/ })
    await secret.waitFor()
    const count = Number((await secret.innerText()).replace(/\D+/g, ''))
    await secret.click()
    await page.getByText(`共 ${count} 件`, { exact: true }).waitFor()
    assert.equal(await secret.getAttribute('aria-pressed'), 'true')
    await settled(page)
    assert.deepEqual(await axe(page), [])
    if (account === 'zhoumin') await page.screenshot({ path: join(screenshots, 'search-1280.png') })
    return count
  }
  const [all, some] = [await counted('zhoumin'), await counted('hanmei')]
  assert.ok(some < all, `${some} of ${all}`)
})

test('paper is applied for where one reads, approved, and made as numbered copies with their marks', async () => {
  const registrar = await office.as('zhoumin')
  const plan = await registered(registrar, '关于印发清点方案的通知', 2, { kind: 'everyone' })
  await registrar.goto(`${office.base}/items/${plan.id}`)
  await registrar.getByLabel('选择要上传的文件').setInputFiles({ name: '清点方案.txt', mimeType: 'text/plain', buffer: Buffer.from(`清点方案\n${LETTER}`) })
  await registrar.getByRole('link', { name: '阅读', exact: true }).waitFor({ timeout: 30_000 })

  const reader = await office.as('hanmei')
  await reader.goto(`${office.base}/items/${plan.id}`)
  await reader.getByRole('link', { name: '阅读', exact: true }).click()
  await drawn(reader, 1)
  await press(reader, '申请打印…')
  await reader.getByLabel('打印份数').fill('2')
  await reader.getByLabel('打印用途').fill('部门传达')
  await press(reader, '提交申请')
  await reader.getByText('批准后由机要员打印并登记').waitFor()

  const head = await office.as('wufang')
  await head.locator('li', { hasText: '关于印发清点方案的通知' }).getByRole('button', { name: '去办理' }).click()
  await head.getByText('部门传达').waitFor()
  await press(head, '批准…')
  await confirm(head, '批准')
  await head.getByText('已批准，待打印').waitFor()

  await registrar.goto(`${office.base}/workbench`)
  await registrar.locator('li', { hasText: '关于印发清点方案的通知' }).filter({ hasText: '已批准待打印' }).getByRole('button', { name: '去办理' }).click()
  await press(registrar, '制作 2 份…')
  await confirm(registrar, '制作')
  await registrar.getByText(`${plan.register_number}-000003`).waitFor()
  await settled(registrar)
  assert.deepEqual(await axe(registrar), [])
  await registrar.screenshot({ path: join(screenshots, 'print-1280.png') })
  // What reaches the printer: three drawn sheets, and nothing of them stays on the page.
  const sheets = await registrar.evaluate(() => new Promise((resolve) => {
    window.print = () => resolve([...document.querySelectorAll('canvas[data-sheet]')].map((one) => one.width))
    document.querySelectorAll('.list button')[1].click()
  }))
  assert.equal(sheets.length, 3)
  assert.ok(sheets.every((width) => width > 1600), `${sheets}`)
  await registrar.waitForFunction(() => document.querySelectorAll('canvas[data-sheet]').length === 0)
  const journaled = await office.as('auditor')
  const entries = await journaled.evaluate(async () => (await (await fetch('/api/journal?action=print.sheet')).json()).rows)
  assert.equal(entries.length, 3, 'each sheet is an entry')
})

test('the ceiling takes two people, and each sees what the other did', async () => {
  const security = await office.as('security')
  await security.goto(`${office.base}/content`)
  await security.getByLabel('批准文号').fill('岳国保测〔2026〕99号')
  await security.getByLabel('批准机关').fill('岳东省国家保密局')
  await security.getByText('绝密', { exact: true }).first().click()
  await security.getByLabel('有效期至', { exact: true }).fill('2030-12-31')
  await security.getByLabel('有效期至', { exact: true }).press('Tab')
  await press(security, '录入…')
  await confirm(security, '录入')
  await security.getByText('待党办负责人确认').waitFor()
  await settled(security)
  assert.deepEqual(await axe(security), [])
  await security.screenshot({ path: join(screenshots, 'ceiling-1280.png') })
  const head = await office.as('sunli')
  await head.locator('li', { hasText: '岳国保测〔2026〕99号' }).getByRole('button').first().click()
  await press(head, '确认…')
  await confirm(head, '确认生效')
  await head.getByText('本系统现在可以存放至').locator('..').getByText('绝密', { exact: true }).first().waitFor()
})
