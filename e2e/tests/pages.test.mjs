// Every page: axe without violations, no foreign address, nothing against the policy; screenshots at both widths.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, open, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const PAGES = {
  zhoumin: ['/workbench', '/register', '/receipts', '/items', '/loans', '/desk', '/reading', '/prints', '/mine', '/import', '/cabinets', '/incidents', '/knew', '/settings', '/nowhere'],
  sunli: ['/workbench', '/loans', '/people', '/incidents', '/content'],
  lilei: ['/workbench', '/items', '/mine'],
  security: ['/workbench', '/people', '/settings', '/content'],
  auditor: ['/journal', '/ledger', '/ledger/slip'],
  system: ['/workbench', '/backups', '/content'],
}

for (const [account, paths] of Object.entries(PAGES)) {
  test(`pages of ${account}`, async () => {
    for (const [width, height] of [[1280, 720], [1920, 1080]]) {
      const page = await office.as(account, { width, height })
      for (const path of paths) {
        await page.goto(office.base + path)
        await settled(page)
        if (width === 1280) assert.deepEqual(await axe(page), [], `${account} ${path}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.ok(wide <= 0, `${account} ${path} at ${width} scrolls sideways by ${wide}`)
        const name = `${path.slice(1).replaceAll('/', '-')}-${account}-${width}.png`
        await page.screenshot({ path: join(screenshots, name) })
      }
      await page.context().close()
    }
    assert.deepEqual(office.troubles, [])
  })
}

test('clause 1.1: the sign-in page says what the office is for, before anybody is let in', async () => {
  const stranger = await office.stranger()
  await stranger.goto(`${office.base}/`)
  await stranger.waitForURL('**/sign-in**')
  await stranger.getByText('防止敏感信息泄露').waitFor()
  await stranger.context().close()
})

test('sign-in, an item with its timeline, and the English console', async () => {
  const stranger = await office.stranger()
  await stranger.goto(`${office.base}/items`)
  await stranger.waitForURL('**/sign-in**')
  await settled(stranger)
  assert.deepEqual(await axe(stranger), [])
  await stranger.screenshot({ path: join(screenshots, 'sign-in-1280.png') })
  await stranger.getByLabel('账户').fill('zhoumin')
  await stranger.getByLabel('口令').fill('wrong-password')
  await stranger.getByRole('button', { name: '登录', exact: true }).click()
  await stranger.getByRole('alert').waitFor()

  const page = await office.as('zhoumin', { width: 1920, height: 1080 })
  await page.goto(`${office.base}/items`)
  await page.locator('.el-table__row').nth(2).dblclick()
  await page.waitForURL('**/items/*')
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'item-zhoumin-1920.png') })

  const english = await office.as('lilei', { english: true })
  for (const path of ['/workbench', '/items', '/mine', '/loans', '/prints', '/knew', '/settings']) {
    await english.goto(office.base + path)
    await settled(english)
    const chrome = await english.locator('nav, h1, thead, .el-button').allInnerTexts()
    assert.ok(!/[一-鿿]/.test(chrome.join(' ').replace('中文', '')), `${path}: ${chrome.join(' ')}`)
  }
  await english.screenshot({ path: join(screenshots, 'english-lilei-1280.png') })
  assert.deepEqual(office.troubles, [])
})
