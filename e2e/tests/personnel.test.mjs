// People over time: posts, reviews, checks and commitments, by those whose business they are.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { axe, choose, confirm, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

/** The person's page, from the register. */
async function visit(page, name) {
  await page.goto(`${office.base}/people`)
  await page.getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await settled(page)
}

async function look(page, name) {
  await settled(page)
  assert.deepEqual(await axe(page), [], name)
  for (const [width, height] of [[1280, 720], [1920, 1080]]) {
    await page.setViewportSize({ width, height })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${name} at ${width} scrolls sideways by ${wide}`)
    await page.screenshot({ path: join(screenshots, `${name}-${width}.png`) })
  }
  await page.setViewportSize({ width: 1280, height: 720 })
}

test('clause 3.5.3: a post that handles secrets is refused without the review, and taken after it', async () => {
  const page = await office.as('security')
  await page.goto(`${office.base}/posts`)
  await press(page, '设置岗位…')
  const dialog = page.getByRole('dialog', { name: '设置岗位' })
  await dialog.getByLabel('岗位名称').fill('投资核心岗')
  await choose(page, '部门', '经营管理部')
  await settled(page)
  await choose(page, '涉密类别', '核心')
  await dialog.getByRole('button', { name: '保存', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.el-table__row', { hasText: '投资核心岗' }).waitFor()
  await look(page, 'posts')

  await visit(page, '崔洁')
  await choose(page, '岗位', '投资核心岗')
  await press(page, '安排…')
  await confirm(page, '安排')
  const refusal = page.getByTestId('refusal')
  await refusal.waitFor()
  assert.match(await refusal.innerText(), /3\.5\.3/)
  await press(page, '知道了')
  await page.getByRole('tab', { name: '审查与检查' }).click()
  await choose(page, '人员类别', '核心')
  // The list that closes lies over the field below it.
  await settled(page)
  await choose(page, '可知密至', '秘密')
  await settled(page)
  await press(page, '登记审查结果')
  await page.locator('section:visible', { hasText: '背景审查' }).getByText('核心').first().waitFor()
  await look(page, 'person-checks')
  await page.getByRole('tab', { name: '概况' }).click()
  await choose(page, '岗位', '投资核心岗')
  await press(page, '安排…')
  await confirm(page, '安排')
  await page.locator('dd:visible', { hasText: '投资核心岗' }).waitFor()
  await look(page, 'person')
  await page.getByRole('tab', { name: '经过' }).click()
  await page.locator('.history').getByText('安排岗位').first().waitFor()
  await look(page, 'person-history')
  await page.context().close()
})

test('clause 3.5.3: a head records a check that found something wanting, with the day of the next look', async () => {
  const page = await office.as('wangqiang')
  await visit(page, '赵燕')
  await page.getByRole('tab', { name: '审查与检查' }).click()
  await page.getByRole('radio', { name: '有问题' }).check({ force: true })
  await page.getByLabel('检查情况').fill('涉密笔记本未登记')
  await page.getByLabel('复查日期', { exact: true }).fill('2031-01-01')
  await press(page, '登记检查')
  const refusal = page.getByTestId('refusal')
  await refusal.waitFor()
  assert.match(await refusal.innerText(), /复查日期/)
  await press(page, '知道了')
  const soon = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('复查日期', { exact: true }).fill(soon)
  await press(page, '登记检查')
  await page.getByText(`下次 ${soon}`).waitFor()
  await look(page, 'person-check')
  await page.context().close()
})

test('clause 3.5.1: a new text is put into force, everybody is asked to sign again, and the signature is printed with its entry', async () => {
  const head = await office.as('sunli')
  await head.goto(`${office.base}/commitments`)
  await look(head, 'commitments')
  await press(head, '启用新版…')
  const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
  await head.getByLabel('承诺文本').fill('本人承诺遵守保密管理制度，离岗后继续承担保密义务。')
  await head.getByLabel('签署期限', { exact: true }).fill(soon)
  await head.getByRole('dialog').getByRole('button', { name: '启用…', exact: true }).click()
  await confirm(head, '启用')
  await head.getByText('现行文本：第 2 版').waitFor()
  await head.context().close()

  const page = await office.as('lilei')
  await page.locator('li', { hasText: '未签保密承诺' }).getByRole('button', { name: '去办理' }).click()
  await page.waitForURL('**/commitments')
  await page.getByText(`签署的是第 1 版，${soon} 后失效`).waitFor()
  await press(page, '签署保密承诺…')
  await confirm(page, '签署承诺')
  await page.getByText('签署现行文本').waitFor()
  await page.getByRole('link', { name: '打印承诺书' }).click()
  await page.getByRole('heading', { name: '保密承诺书' }).last().waitFor()
  assert.match(await page.locator('.sheet').innerText(), /本人承诺遵守保密管理制度，离岗后继续承担保密义务。[\s\S]*李雷[\s\S]*第 \d+ 号/)
  await look(page, 'commitment-sheet')
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})
