// What happens by a stray key, a wrong scan, a date typed sloppily, two people at one record: nothing that nobody wanted.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { choose, confirm, open, press, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const newest = (page) => page.evaluate(async () => (await (await fetch('/api/items?limit=1')).json()).rows[0].item)
const scan = async (page, code) => { await page.keyboard.type(code, { delay: 2 }); await page.keyboard.press('Enter') }

test('no stray key and no scan registers; what is no date is not guessed; a name typed and Enter chooses', async () => {
  const page = await office.as('zhoumin')
  await page.goto(`${office.base}/register`)
  const before = await newest(page)
  const title = page.getByLabel('标题', { exact: true })
  await page.getByLabel('来文单位', { exact: true }).fill('省国家保密局')
  await title.fill('关于键盘登记的通知')
  await title.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), '来文单位')

  const dated = page.getByLabel('成文日期', { exact: true })
  for (const wrong of ['11.5', '2025.13.2']) {
    await dated.fill(wrong)
    await dated.press('Tab')
    await page.getByText('不是日期，应如 2026-11-23').waitFor()
    assert.equal(await dated.inputValue(), wrong)
    assert.ok(await page.getByRole('button', { name: /登记并继续/ }).isDisabled())
  }
  await dated.fill('２０２６年11月5日')
  await dated.press('Tab')
  assert.equal(await dated.inputValue(), '2026-11-05')

  await page.getByLabel('文号', { exact: true }).click()
  await scan(page, '2026-000001-000001')
  await page.getByText('扫描到文件标签 2026-000001-000001').waitFor()
  assert.equal(await page.getByLabel('文号', { exact: true }).inputValue(), '')

  await press(page, '签收新来件…')
  await page.getByLabel('信封号').fill('机一')
  await page.getByLabel('信封号').press('Control+Enter')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: '签收来件' }).waitFor({ state: 'hidden' })
  assert.equal((await newest(page)).id, before.id, 'nothing was registered')

  const department = page.getByRole('combobox', { name: '知悉部门', exact: true })
  await department.click({ force: true })
  await page.keyboard.type('战略')
  await page.waitForTimeout(400)
  await page.keyboard.press('Enter')
  await page.locator('.el-tag', { hasText: '战略发展部' }).waitFor()
  await page.getByRole('spinbutton', { name: '份数' }).fill('2')
  await page.getByRole('spinbutton', { name: '保密期限' }).fill('6')
  await page.getByRole('combobox', { name: '期限单位' }).click({ force: true })
  await page.getByRole('option', { name: '个月', exact: true }).click()
  await title.press('Control+Enter')
  await page.locator('aside li', { hasText: '关于键盘登记的通知' }).waitFor()
  const item = await newest(page)
  assert.deepEqual([item.title, item.dated, item.marking.period, item.copies], ['关于键盘登记的通知', '2026-11-05', { count: 6, unit: 'months' }, 2])

  // Labels that a scanner can read, and cards for the people.
  assert.equal(await page.locator('.label .codes svg').count(), 4)
  const coded = await page.locator('.label .codes').first().getAttribute('data-code')
  assert.equal(coded, `${item.register_number}-000001`)
  await page.context().close()
})

test('of two who correct one entry, the second is told, and nothing of the first is lost', async () => {
  const [first, second] = [await office.as('zhoumin'), await office.as('linyue')]
  const { id } = await newest(first)
  for (const page of [first, second]) {
    await page.goto(`${office.base}/items/${id}`)
    await press(page, '更正登记…')
  }
  const dialog = (page) => page.getByRole('dialog', { name: '更正登记' })
  await dialog(first).getByLabel('来文单位').fill('甲改的单位')
  await press(first, '保存更正')
  await first.getByText('甲改的单位').first().waitFor()
  await second.waitForTimeout(500)
  await dialog(second).getByLabel('备注').fill('乙的备注')
  await press(second, '保存更正')
  await second.getByTestId('refusal').getByText('记录已被他人更新').waitFor()
  assert.equal((await newest(first)).source, '甲改的单位')
  for (const page of [first, second]) await page.context().close()
})

test('another copy than the lent one is not taken back, and says so', async () => {
  const borrower = await office.as('lilei')
  const desk = await office.as('zhoumin')
  const item = await newest(desk)
  const ask = (page, action, input) => page.evaluate(async ([name, body]) => {
    const answer = await fetch(`/api/actions/${name}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }, [action, input])
  const applied = await ask(borrower, 'loan.apply', { item: item.id, days: 2, mode: 'take_out', reason: '核对' })
  assert.equal(applied.status, 200)
  const head = await office.as('sunli')
  assert.equal((await ask(head, 'loan.approve', { loan: applied.body.outcome.id })).status, 200)
  const detail = await desk.evaluate(async (id) => (await fetch(`/api/items/${id}`)).json(), item.id)
  const [lent, other] = detail.copies.map((one) => one.record)
  assert.equal((await ask(desk, 'loan.hand_over', { loan: applied.body.outcome.id, copy: lent.id })).status, 200)
  assert.equal((await ask(borrower, 'loan.acknowledge', { loan: applied.body.outcome.id, duties: true })).status, 200)

  await desk.goto(`${office.base}/desk`)
  const box = desk.getByLabel('扫描人员卡或文件标签')
  await box.fill(lent.label)
  await box.press('Enter')
  await desk.getByText(`借阅人把 ${lent.label} 归还给`).waitFor()
  await box.fill(other.label)
  await box.press('Enter')
  await desk.getByRole('alert').getByText(`带回的是 ${other.label}`).waitFor()
  assert.equal(await desk.getByRole('button', { name: '确认归还' }).count(), 0)
  // Nor through the programming interface.
  const back = await ask(borrower, 'loan.bring_back', { loan: applied.body.outcome.id, to: item.registered_by, copy: other.id })
  assert.deepEqual([back.status, back.body.code], [409, 'loan.other_copy'])
  for (const page of [borrower, desk, head]) await page.context().close()
})

test('what was registered wrongly is struck by the head, stays visible, and can not be lent', async () => {
  const desk = await office.as('zhoumin')
  await desk.goto(`${office.base}/register`)
  await desk.getByLabel('来文单位', { exact: true }).fill('省国家保密局')
  await desk.getByLabel('标题', { exact: true }).fill('重复登记的一件')
  await choose(desk, '知悉部门', '战略发展部')
  await desk.keyboard.press('Escape')
  await desk.getByLabel('标题', { exact: true }).press('Control+Enter')
  await desk.locator('aside li', { hasText: '重复登记的一件' }).waitFor()
  const { id } = await newest(desk)
  await desk.goto(`${office.base}/items/${id}`)
  await desk.getByRole('button', { name: '更正登记…' }).waitFor()
  assert.equal(await desk.getByRole('button', { name: '作废登记…' }).count(), 0, 'not the registrar alone')
  const head = await office.as('sunli')
  await head.goto(`${office.base}/items/${id}`)
  await press(head, '作废登记…')
  await head.getByRole('dialog').getByRole('textbox').fill('与上一件重复')
  await confirm(head, '作废')
  await head.getByText('已作废：与上一件重复').waitFor()
  await settled(head)
  assert.equal(await head.getByRole('button', { name: '申请借阅…' }).count(), 0)
  for (const page of [desk, head]) await page.context().close()
})
