// An item registered together with its scan; a page that is hidden when the session ends elsewhere; a top secret file, read
// on site only.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, open, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const ask = async (page, action, body) => {
  const done = await page.evaluate(async ([name, input]) => {
    const response = await fetch(`/api/actions/${name}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(input) })
    return { status: response.status, body: await response.json() }
  }, [action, body])
  assert.equal(done.status, 200, `${action}: ${JSON.stringify(done.body)}`)
  return done.body.outcome
}
const read = (page, path) => page.evaluate(async (from) => (await fetch(from)).json(), path)
const drawn = (page, number) => page.locator(`canvas[data-shown="${number}"]`).waitFor()
const LETTER = `${'各部门：现将涉密载体清点安排通知如下。\n'.repeat(12)}\f第二页\n`

async function takeIn(page, registration) {
  const taken = await page.evaluate(async ([input, letter]) => {
    const form = new FormData()
    form.append('registration', input)
    form.append('file', new Blob([letter]), '请示.txt')
    const response = await fetch('/api/items', { method: 'POST', body: form })
    return { status: response.status, body: await response.json() }
  }, [JSON.stringify(registration), LETTER])
  assert.equal(taken.status, 201, JSON.stringify(taken.body))
  return taken.body
}
async function ready(page, item) {
  for (let tries = 0; (await read(page, `/api/items/${item.id}/files`)).rows[0].file.state.name === 'kept'; tries += 1) {
    assert.ok(tries < 240, 'the file is looked into')
    await page.waitForTimeout(500)
  }
}

test('the scan is registered with its item in one step, and can be read', async () => {
  const page = await office.as('zhoumin')
  await page.goto(`${office.base}/register`)
  await page.getByLabel('标题', { exact: true }).fill('关于清点涉密载体的函')
  await page.getByLabel('来文单位', { exact: true }).fill('省国家保密局')
  await page.getByRole('radio', { name: '内部敏感' }).locator('..').click()
  await page.getByLabel('选择电子件').setInputFiles({ name: '清点函.txt', mimeType: 'text/plain', buffer: Buffer.from(LETTER) })
  await page.getByText('清点函.txt').waitFor()
  for (const [width, height] of [[1280, 720], [1920, 1080]]) {
    await page.setViewportSize({ width, height })
    await settled(page)
    await page.screenshot({ path: join(screenshots, `register-scan-${width}.png`), fullPage: true })
  }
  await page.setViewportSize({ width: 1280, height: 720 })
  assert.deepEqual(await axe(page), [])
  const asked = []
  page.on('request', (request) => { if (request.method() === 'POST') asked.push(new URL(request.url()).pathname) })
  await page.keyboard.press('Control+Enter')
  const entered = page.locator('aside li', { hasText: '关于清点涉密载体的函' })
  await entered.waitFor()
  assert.deepEqual(asked.filter((path) => path !== '/api/live'), ['/api/items'], 'one request for both')
  assert.ok(await page.getByRole('button', { name: '选择文件…' }).isVisible(), 'the next entry begins without a scan')
  await entered.getByRole('link').click()
  await page.getByRole('link', { name: '阅读', exact: true }).click({ timeout: 90_000 })
  await drawn(page, 1)
})

test('a top secret file opens at a terminal of its room while both sit there, and no longer', async () => {
  const security = await office.as('security')
  const head = await office.as('sunli')
  const approval = await ask(security, 'ceiling.enter', { level: 4, number: '岳国保测〔2026〕7号', authority: '岳东省国家保密局', valid_until: '2030-12-31' })
  await ask(head, 'ceiling.confirm', { approval: approval.id })
  const registrar = await office.as('zhoumin')
  const custodian = await office.as('zhengjianguo')
  const reader = await office.as('lilei')
  const room = (await read(custodian, '/api/rooms')).rows.map((one) => one.record).find((one) => one.name === '绝密阅文室').id
  const cabinet = (await read(custodian, '/api/cabinets')).rows.map((one) => one.cabinet).find((one) => one.name === '绝密柜1').id
  const who = (await read(custodian, '/api/directory')).rows
  const lilei = who.find((one) => one.name === '李雷').id
  const second = who.find((one) => one.name === '周敏').id
  await ask(security, 'room.set_terminals', { room, terminals: ['127.0.0.1'] })

  const item = { title: '关于绝密事项的请示', source: '省国家保密局', category: 'decision', level: 4, scope: { kind: 'named', people: [lilei], departments: [] }, copies: 1 }
  const taken = await takeIn(registrar, { item, place: { cabinet, slot: 1 } })
  const { copies: [copy], file } = taken
  await ask(custodian, 'copy.accept', { copy: copy.id })
  await ready(registrar, taken.item)

  // Before the session: refused, with the clause.
  await reader.goto(`${office.base}/read/${file.id}`)
  const refused = reader.getByTestId('reading-refused')
  await refused.waitFor()
  assert.match(await refused.innerText(), /3\.1\.3\.2/)
  const loan = await ask(reader, 'loan.apply', { item: taken.item.id, reason: '起草请示的答复', days: 1, mode: 'on_site' })
  await ask(head, 'loan.approve', { loan: loan.id })
  const session = await ask(custodian, 'reading.open', { loan: loan.id, copy: copy.id, room, second, phones_deposited: true, pages: 2 })
  await ask(reader, 'reading.confirm', { session: session.id, duties: true })
  await ask(registrar, 'reading.confirm', { session: session.id, duties: true })

  await reader.goto(`${office.base}/read/${file.id}`)
  await drawn(reader, 1)
  for (const [width, height] of [[1280, 720], [1920, 1080]]) {
    await reader.setViewportSize({ width, height })
    await settled(reader)
    await reader.screenshot({ path: join(screenshots, `reading-on-site-${width}.png`) })
  }
  assert.deepEqual(await axe(reader), [])
  // The session is closed: the next page doesn't come, and the one that was there goes.
  await ask(custodian, 'reading.close', { session: session.id, pages: 2 })
  await reader.getByRole('main', { name: '页面' }).focus()
  await reader.keyboard.press('PageDown')
  await refused.waitFor()
  assert.ok(!(await reader.locator('.sheet').isVisible()))
})

test('a page that is open is hidden at once when the session ends elsewhere', async () => {
  const reader = await office.as('zhoumin')
  const { item, file } = await takeIn(reader, { item: { title: '关于清点的复函', source: '省国家保密局', category: 'decision', level: 1, scope: { kind: 'everyone' }, copies: 1 } })
  await ready(reader, item)
  await reader.goto(`${office.base}/read/${file.id}`)
  await drawn(reader, 1)
  await settled(reader)
  // The security administrator resets the account while its owner sits before the page.
  const security = await office.as('security')
  const person = (await read(security, '/api/directory')).rows.find((one) => one.name === '周敏').id
  await ask(security, 'account.reset', { person, password: 'Andere-2026-x' })
  await reader.getByRole('dialog', { name: '已锁定，请重新登录' }).waitFor({ timeout: 10_000 })
  // Not only covered: the page that was drawn is wiped.
  await reader.locator('canvas[data-shown="0"]').waitFor({ state: 'attached', timeout: 10_000 })
  await reader.screenshot({ path: join(screenshots, 'session-ended-1280.png') })
})
