// 制作证据: from the pages where it is needed, with a dialog that says what will leave the system.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { axe, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const dialog = (page) => page.getByRole('dialog', { name: /制作证据/ })
const firstItem = (page) => page.evaluate(async () => (await (await fetch('/api/items?limit=1')).json()).rows[0].item)

test('the head makes evidence of an item and fetches it', async () => {
  const page = await office.as('sunli')
  const item = await firstItem(page)
  await page.goto(`${office.base}/items/${item.id}`)
  await press(page, '制作证据…')
  await dialog(page).getByTestId('preview').getByText(/将包含 \d+ 笔账/).waitFor()
  const make = dialog(page).getByRole('button', { name: '制作并记账' })
  assert.equal(await make.isDisabled(), true, 'not without a purpose')
  await dialog(page).getByLabel('用途', { exact: true }).fill('交上级保密办，证明该件经过')
  await settled(page)
  assert.deepEqual(await axe(page), [])
  for (const [width, height] of [[1280, 720], [1920, 1080]]) {
    await page.setViewportSize({ width, height })
    await page.screenshot({ path: join(screenshots, `evidence-item-${width}.png`) })
  }
  await make.click()
  await dialog(page).getByTestId('made').getByText(/证\d{4}-\d{6}/).waitFor()
  const fetched = page.waitForEvent('download')
  await dialog(page).getByRole('link', { name: '下载证据' }).click({ timeout: 60_000 })
  const download = await fetched
  assert.match(download.suggestedFilename(), /^证据-\d{4}-\d{6}\.zip$/)
  const bytes = await readFile(await download.path())
  assert.equal(bytes.subarray(0, 2).toString(), 'PK')
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'evidence-made-1280.png') })
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})

test('the auditor makes evidence of a period, which discloses no item', async () => {
  const page = await office.as('auditor')
  await page.goto(`${office.base}/journal`)
  await press(page, '制作证据…')
  await dialog(page).getByText('请填写开始和结束日期').waitFor()
  await dialog(page).getByLabel('开始日期', { exact: true }).fill('2020-01-01')
  await dialog(page).getByLabel('结束日期', { exact: true }).fill('2020-01-02')
  await page.keyboard.press('Tab')
  await dialog(page).getByText('没有属于此范围的账目').waitFor()
  await dialog(page).getByLabel('结束日期', { exact: true }).fill('2100-01-01')
  await page.keyboard.press('Tab')
  await dialog(page).getByText(/笔只证明、不公开/).waitFor()
  assert.equal(await dialog(page).getByText(/离开本系统/).count(), 0)
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'evidence-period-1280.png') })
  await page.keyboard.press('Escape')
  await page.context().close()
})

test('people and incidents have it for the head, and nobody else sees it', async () => {
  const page = await office.as('sunli')
  await page.goto(`${office.base}/people`)
  await page.getByRole('row').filter({ hasText: '李' }).first().click()
  await press(page, '制作证据…')
  await dialog(page).getByText(/将包含 \d+ 笔账/).waitFor()
  await page.keyboard.press('Escape')
  await page.context().close()
  const registrar = await office.as('zhoumin')
  await registrar.goto(`${office.base}/items/${(await firstItem(registrar)).id}`)
  await registrar.getByRole('heading', { level: 1 }).waitFor()
  assert.equal(await registrar.getByRole('button', { name: '制作证据…' }).count(), 0)
  await registrar.context().close()
  assert.deepEqual(office.troubles, [])
})
