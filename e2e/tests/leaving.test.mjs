// Leaving: what is held is listed live, nothing new is given, it is completed only when the list is empty, and the account
// closes at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, choose, confirm, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const day = (ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10)

async function people(page) {
  const { rows } = await (await page.request.get(`${office.base}/api/directory`)).json()
  return new Map(rows.map((one) => [one.name, one.id]))
}
async function held(page, id) {
  return (await (await page.request.get(`${office.base}/api/people/${id}/holdings`)).json()).rows
}
async function visit(page, id) {
  await page.goto(`${office.base}/people/${id}`)
  await page.getByRole('tab', { name: '名下事项与离岗' }).click()
  await settled(page)
}
async function begin(page, id) {
  await visit(page, id)
  await press(page, '开始办理离岗…')
  await page.getByLabel('离岗日期', { exact: true }).fill(day(20))
  await page.getByLabel('离岗事由').fill('调任其他单位')
  await page.getByRole('dialog').getByRole('button', { name: '开始办理', exact: true }).click()
  await page.getByRole('button', { name: '终止办理…' }).waitFor({ timeout: 40_000 })
}
async function look(page, name) {
  await settled(page)
  await page.locator('.el-message').waitFor({ state: 'hidden' }).catch(() => {})
  assert.deepEqual(await axe(page), [], name)
  for (const [width, height] of [[1280, 720], [1920, 1080]]) {
    await page.setViewportSize({ width, height })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${name} at ${width} scrolls sideways by ${wide}`)
    await page.screenshot({ path: join(screenshots, `${name}-${width}.png`), fullPage: true })
  }
  await page.setViewportSize({ width: 1280, height: 720 })
}

test('clause 3.5.4: a keeper who leaves sees everything listed, and can be given nothing new', async () => {
  const head = await office.as('sunli')
  const id = (await people(head)).get('林悦')
  await begin(head, id)
  // Cabinets, rooms, copies and items of the registrar; complete is closed until they are handed over.
  for (const way of ['保管的柜', '保管的份', '负责的文件', '负责的房间']) await head.locator('li', { hasText: way }).first().waitFor()
  assert.ok(await head.getByRole('button', { name: '办结离岗…' }).isDisabled())
  await look(head, 'leaving-keeper')
  const items = head.locator('li', { hasText: '负责的文件' }).first()
  const before = (await held(head, id)).filter((one) => one.way === 'items').length
  const label = await items.getByRole('combobox').getAttribute('aria-label')
  await choose(head, label, '周敏')
  await items.getByRole('button', { name: '移交…' }).click()
  await confirm(head, '移交')
  await head.getByText('已移交。').waitFor()
  assert.equal((await held(head, id)).filter((one) => one.way === 'items').length, before - 1)
  // The leaver is refused what is new, with the clause.
  const page = await office.as('linyue')
  await page.locator('li', { hasText: '离岗办理中' }).waitFor()
  const answer = await page.evaluate(async () => {
    const items = await (await fetch('/api/items?limit=1')).json()
    const sent = await fetch('/api/actions/loan.apply', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ item: items.rows[0].item.id, reason: '核对', days: 1, mode: 'on_site' }) })
    return sent.json()
  })
  assert.equal(answer.code, 'person.leaving')
  assert.equal(answer.clauses[0].id, '3.5.4')
  await page.context().close()
  await press(head, '终止办理…')
  await head.locator('.el-message-box textarea').fill('决定留任')
  await confirm(head, '终止办理')
  await head.getByText('已终止。').waitFor()
  await head.context().close()
})

test('clause 3.5.4: whoever has handed everything over is gone at once, and the declassification period runs', async () => {
  const security = await office.as('security')
  const all = await people(security)
  let chosen
  for (const [name, account] of [['石文', 'shiwen'], ['苗岚', 'miaolan'], ['陆昊', 'luhao'], ['马超', 'machao'], ['崔洁', 'cuijie'], ['叶佳', 'yejia']]) {
    if (!chosen && (await held(security, all.get(name))).length === 0) chosen = { name, account, id: all.get(name) }
  }
  assert.ok(chosen, 'somebody of the demonstration office holds nothing')
  const leaver = await office.as(chosen.account)
  await begin(security, chosen.id)
  await choose(security, '事项', '离岗谈话')
  await security.getByLabel('情况', { exact: true }).fill('已谈话，签订离岗保密承诺')
  await press(security, '记录')
  await security.getByText('已谈话，签订离岗保密承诺').waitFor()
  assert.equal(await security.getByRole('button', { name: '办结离岗…' }).count(), 0)

  const head = await office.as('sunli')
  await visit(head, chosen.id)
  await head.getByText('名下没有文件、柜、房间和待办事项。').waitFor()
  await press(head, '办结离岗…')
  await confirm(head, '办结离岗')
  await head.getByText('已办结。').waitFor()
  await head.getByText('12 个月').waitFor()
  await look(head, 'leaving-completed')
  assert.equal((await leaver.request.get(`${office.base}/api/me`)).status(), 401)
  const stranger = await office.stranger()
  await stranger.goto(`${office.base}/sign-in`)
  await stranger.getByLabel('账户').fill(chosen.account)
  await stranger.getByLabel('口令').fill('Jingui-2026')
  await stranger.getByRole('button', { name: '登录', exact: true }).click()
  await stranger.getByRole('alert').waitFor()
  assert.deepEqual(office.troubles, [])
})
