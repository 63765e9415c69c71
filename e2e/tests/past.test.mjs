// 看过去: the registers at a past moment, unmistakably marked; what differs between two moments; the way back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, choose, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const back = (days) => new Date(Date.now() + 8 * 3_600_000 - days * 86_400_000).toISOString().slice(0, 10)
const band = (page) => page.getByTestId('past')
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
async function lookAt(page, day, time = '') {
  await press(page, '看过去…')
  const dialog = page.getByRole('dialog', { name: '看过去某一时刻的登记' })
  await dialog.getByLabel('截至', { exact: true }).fill(day)
  await dialog.getByLabel('截至：时刻').fill(time)
  await dialog.getByRole('button', { name: '看当时' }).click()
  return dialog
}
const answered = (page, path) => page.evaluate(async (path) => (await fetch(path)).json(), path)

test('a register as it was, marked, with nothing to do in it, and the way back', async () => {
  const page = await office.as('zhoumin')
  await page.getByRole('navigation').getByRole('link', { name: '台账', exact: true }).click()
  await page.getByText(/^共 \d+ 件$/).waitFor()
  const now = (await answered(page, '/api/items/count')).count

  // Before the journal began there is nothing; what is no day is told as such.
  const dialog = await lookAt(page, '2020-01-01')
  await dialog.getByRole('alert').getByText(/账本自 .* 起记/).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  assert.ok(!page.url().includes('as_of'))

  const day = back(12)
  await lookAt(page, day)
  await band(page).getByText(`截至 ${day} 24:00 的登记`).waitFor()
  assert.ok(page.url().includes(`as_of=${day}`), page.url())
  const then = (await answered(page, `/api/items/count?as_of=${day}`)).count
  assert.ok(then < now, `${then} of ${now}`)
  await page.getByText(`共 ${then} 件`, { exact: true }).waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  assert.ok((await sideways(page)) <= 0)
  await page.screenshot({ path: join(screenshots, 'past-items-1280.png') })

  // The moment survives a reload, goes along with the menu and into the workbook.
  await page.reload()
  await band(page).getByText(`截至 ${day} 24:00 的登记`).waitFor()
  await page.getByText(`共 ${then} 件`, { exact: true }).waitFor()
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: '导出 Excel' }).click()
  assert.equal((await downloading).suggestedFilename(), `jingui-${day}T2400.xlsx`)

  // One item: who held its copies then, and no button that does anything.
  const row = (await answered(page, `/api/items?as_of=${day}&copy_state=lent&limit=1`)).rows[0]
  await page.goto(`${office.base}/items/${row.item.id}?as_of=${day}`)
  const detail = await answered(page, `/api/items/${row.item.id}?as_of=${day}`)
  const lent = detail.copies.map((one) => one.record).find((one) => one.custody.state === 'lent')
  const people = (await answered(page, `/api/directory?as_of=${day}`)).rows
  const holder = people.find((one) => one.id === lent.custody.holder)
  await page.getByRole('listitem').filter({ hasText: String(lent.number).padStart(6, '0') }).getByText(holder.name).first().waitFor()
  await settled(page)
  for (const name of ['申请借阅…', '更正登记…', '入柜…', '移柜…', '报告丢失…', '打印标签', '上传文件…']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
  }
  assert.deepEqual(await axe(page), [])
  await page.setViewportSize({ width: 1920, height: 1080 })
  await page.screenshot({ path: join(screenshots, 'past-item-1920.png') })
  await page.emulateMedia({ media: 'print' })
  await page.screenshot({ path: join(screenshots, 'past-item-print.png') })
  await page.emulateMedia({ media: null })
  await page.setViewportSize({ width: 1280, height: 720 })

  // The same answer from the other side: what that person held.
  await page.goto(`${office.base}/held?person=${holder.id}&as_of=${day}`)
  await page.getByRole('link', { name: lent.label }).waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'past-held-1280.png') })

  // Whatever slips through is stopped, and pages without a past say so.
  await page.getByRole('navigation').getByRole('link', { name: '交接台' }).click()
  await page.getByRole('heading', { name: '此页没有过去的样子' }).waitFor()
  await band(page).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.getByRole('main').getByRole('link', { name: '台账', exact: true }).click()
  await page.getByText(`共 ${then} 件`, { exact: true }).waitFor()

  // Escape closes what is open before it leaves.
  await press(page, '看过去…')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await band(page).waitFor()
  await page.getByRole('heading', { name: '文件台账' }).click()
  await page.keyboard.press('Escape')
  await band(page).waitFor({ state: 'detached' })
  await page.getByText(`共 ${now} 件`, { exact: true }).waitFor()
  assert.ok(!page.url().includes('as_of'))
  // The browser's own way back leads into the past again, and out of it.
  await page.goBack()
  await band(page).waitFor()
  await press(page, '回到现在（Esc）')
  await band(page).waitFor({ state: 'detached' })
  await page.context().close()
})

test('two moments compared, by register and for one record', async () => {
  const page = await office.as('zhoumin')
  const [from, to] = [back(12), back(1)]
  await page.goto(`${office.base}/differences?register=copy&from=${from}&to=${to}`)
  await page.getByText(`份与持有人：${from} 24:00 至 ${to} 24:00 的变化`).first().waitFor()
  let [moved, cursor] = [null, '']
  while (!moved) {
    const rows = await answered(page, `/api/differences?register=copy&from=${from}&to=${to}&limit=200${cursor}`)
    moved = rows.rows.find((one) => one.became === 'changed' && one.changes.some((change) => change.field === '持有人'))
    assert.ok(moved || rows.next, 'a copy changed hands')
    cursor = `&cursor=${rows.next}`
  }
  await settled(page)
  await page.screenshot({ path: join(screenshots, 'differences-1280.png') })
  await page.goto(`${office.base}/differences?register=copy&from=${from}&to=${to}&record=${moved.id}`)
  await page.getByText('只看这一条').waitFor()
  const line = page.getByRole('row').filter({ hasText: moved.number })
  const holder = moved.changes.find((change) => change.field === '持有人')
  await line.getByText(holder.before).first().waitFor()
  await line.getByText(holder.after).first().waitFor()
  await line.getByText(String(moved.entries[0])).first().waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  assert.ok((await sideways(page)) <= 0)
  await page.screenshot({ path: join(screenshots, 'differences-one-1280.png') })
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: '导出 Excel' }).click()
  assert.match((await downloading).suggestedFilename(), /\.xlsx$/)

  await choose(page, '哪一登记', '借阅')
  await page.getByText(/^借阅：.*的变化$/).first().waitFor()
  await page.getByText('新增').first().waitFor()
  await page.setViewportSize({ width: 1920, height: 1080 })
  await settled(page)
  await page.screenshot({ path: join(screenshots, 'differences-1920.png') })
  await page.setViewportSize({ width: 1280, height: 720 })

  // From the past to what changed since, and in English.
  await page.goto(`${office.base}/items?as_of=${from}`)
  await band(page).getByRole('link', { name: '与现在对照' }).click()
  await page.getByText(/^文件：.* 24:00 至 现在 的变化$/).first().waitFor()
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'Compare two moments' }).waitFor()
  await band(page).getByText(`As of ${from} 24:00`).first().waitFor()
  await page.context().close()
  // A borrower compares what a borrower may know; an auditor is led from a department to the entry.
  const auditor = await office.as('auditor')
  await auditor.goto(`${office.base}/differences?register=room&from=${back(20)}`)
  await auditor.getByRole('heading', { name: '前后对照' }).waitFor()
  await auditor.context().close()
  assert.deepEqual(office.troubles, [])
})
