// 双人事项: what gives somebody more, and what changes a parameter, is proposed by one and confirmed by another.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, choose, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

/** A list stands twice in the page, once for the printer. */
const seen = (page, text) => page.getByText(text).locator('visible=true').first()
const confirmBox = (page) => page.locator('.el-message-box')

test('a parameter is proposed with what it touches, and confirmed by the office head', async () => {
  const security = await office.as('security')
  await security.goto(`${office.base}/settings`)
  const row = security.locator('.el-table__row').filter({ hasText: '秘密级文件借阅期限' })
  await row.locator('input').fill('6')
  await row.locator('input').press('Tab')
  await row.getByRole('button', { name: '提议…' }).click()
  const dialog = security.getByRole('dialog', { name: '提议修改参数' })
  await dialog.getByText(/笔在外借阅的期限长于新值|不影响正在进行的事项/).waitFor()
  // Not without a reason.
  assert.ok(await dialog.getByRole('button', { name: /提议，待党办负责人确认/ }).isDisabled())
  await dialog.getByLabel('理由').fill('外借过久')
  await settled(security)
  await security.screenshot({ path: join(screenshots, 'parameter-proposed-1280.png') })
  await dialog.getByRole('button', { name: /提议，待党办负责人确认/ }).click()
  await security.getByText('已提议，待党办负责人确认').waitFor()
  // Who proposed it can take it back, but not confirm it.
  await security.goto(`${office.base}/proposals`)
  await security.getByText('外借过久').waitFor()
  await security.getByRole('button', { name: '撤回…' }).first().waitFor()
  assert.equal(await security.getByRole('button', { name: '确认…' }).count(), 0)

  const head = await office.as('sunli')
  await head.getByText('参数修改待确认').first().waitFor()
  await head.goto(`${office.base}/proposals`)
  const waiting = head.locator('article').filter({ hasText: '外借过久' })
  await waiting.getByText('→').waitFor()
  await waiting.getByText('影响').first().waitFor()
  await settled(head)
  assert.deepEqual(await axe(head), [])
  await head.screenshot({ path: join(screenshots, 'proposals-sunli-1280.png'), fullPage: true })
  await waiting.getByRole('button', { name: '确认…' }).click()
  await confirmBox(head).getByText(/由 \d+ 改为 6/).waitFor()
  await confirmBox(head).getByRole('button', { name: '确认' }).click()
  await seen(head, '已生效').waitFor()
  await security.goto(`${office.base}/settings`)
  await security.locator('.el-table__row').filter({ hasText: '秘密级文件借阅期限' }).getByText('6', { exact: true }).waitFor()
  await head.context().close()
  await security.context().close()
  assert.deepEqual(office.troubles, [])
})

test('a role is proposed, seen by the head, rejected with a reason', async () => {
  const security = await office.as('security')
  await security.goto(`${office.base}/people`)
  await security.getByLabel('查找人员').fill('李雷')
  await security.locator('tr:visible', { hasText: '李雷' }).first().locator('td').first().click()
  await security.getByRole('heading', { name: '职责与知密等级' }).waitFor()
  await choose(security, '职责', '机要员')
  await security.keyboard.press('Escape')
  await security.locator('aside').getByRole('button', { name: '提议…' }).click()
  await confirmBox(security).locator('textarea').fill('周敏休假期间代管')
  await confirmBox(security).getByRole('button', { name: '提议' }).click()
  await security.getByText('已提议，待党办负责人确认').waitFor()

  const head = await office.as('sunli')
  await head.goto(`${office.base}/proposals`)
  const waiting = head.locator('article').filter({ hasText: '周敏休假期间代管' })
  await waiting.getByText('机要员').waitFor()
  await waiting.getByRole('button', { name: '不同意…' }).click()
  await confirmBox(head).locator('textarea').fill('由林月代管')
  await confirmBox(head).getByRole('button', { name: '不同意' }).click()
  await seen(head, '由林月代管').waitFor()
  assert.equal(await head.locator('article').filter({ hasText: '周敏休假期间代管' }).count(), 0)

  // The auditor sees the history, and decides nothing.
  const auditor = await office.as('auditor')
  await auditor.goto(`${office.base}/proposals`)
  await seen(auditor, '由林月代管').waitFor()
  assert.equal(await auditor.getByRole('button', { name: '确认…' }).count(), 0)
  await settled(auditor)
  await auditor.setViewportSize({ width: 1920, height: 1080 })
  await auditor.screenshot({ path: join(screenshots, 'proposals-auditor-1920.png'), fullPage: true })
  for (const page of [security, head, auditor]) await page.context().close()
  assert.deepEqual(office.troubles, [])
})
