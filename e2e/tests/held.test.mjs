// 账本被退回: an office that is held at its door until its key holders decide; and backups that fall due on the workbench.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { axe, launch, press, run, screenshots, settled, start } from './office.mjs'

let directory
let browser
let server
const troubles = []

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jingui-e2e-'))
  await mkdir(screenshots, { recursive: true })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
  await rm(directory, { recursive: true, force: true })
})

async function visit({ width = 1280, height = 720, english = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: english ? 'en-GB' : 'zh-CN' })
  if (english) await context.addInitScript(() => localStorage.setItem('language', 'en'))
  const page = await context.newPage()
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to|\[Vue warn\]/.test(message.text())) troubles.push(message.text())
  })
  page.setDefaultTimeout(15_000)
  return page
}

async function signIn(page, base, account, password) {
  await page.goto(`${base}/sign-in`)
  await page.getByLabel('账户').fill(account)
  await page.getByLabel('口令').fill(password)
  await press(page, '登录')
  await page.waitForURL('**/workbench')
}

const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

test('an office that was put back is held until two holders name what is given up', async () => {
  const data = join(directory, 'office')
  const sheets = join(directory, 'sheets')
  const told = await run(['init', '--data', data, '--holders', '王芳,李强,张敏', '--needed', '2', '--sheets', sheets])
  const password = /auditor +(\S+)/.exec(told)[1]
  const files = [1, 2, 3].map((number) => join(sheets, `份额-${number}.txt`))
  const shares = await Promise.all(files.map(async (file) => (await readFile(file, 'utf8')).trim().split('\n')))
  const given = ['--share', files[0], '--share', files[1]]
  await (await start(['serve', '--data', data, ...given])).stop()
  await cp(data, join(directory, 'older'), { recursive: true })
  await (await start(['serve', '--data', data, ...given])).stop()
  await (await start(['serve', '--data', data, ...given])).stop()
  const kept = join(directory, '检查点.txt')
  await run(['checkpoint', '--data', data, ...given, kept])
  await rm(data, { recursive: true })
  await cp(join(directory, 'older'), data, { recursive: true })

  server = await start(['serve', '--data', data, '--checkpoint', kept])
  const { base } = server
  const page = await visit()
  await page.goto(base)
  await page.waitForURL('**/unseal')
  const enter = async (share) => {
    for (const [at, text] of share.entries()) await page.getByLabel(`第 ${at + 1} 行`, { exact: true }).fill(text)
  }
  for (const share of [shares[0], shares[1]]) {
    await page.getByText('输入一份份额').waitFor()
    await enter(share)
    await press(page, '提交份额')
    if (share === shares[0]) await page.getByText('已输入 1 份，还需 1 份。').waitFor()
  }

  // The same page, another door: what is missing since when, and who says so.
  await page.getByRole('heading', { name: '账本被退回，暂不提供服务' }).waitFor()
  const shown = await (await fetch(`${base}/api/seal`)).json()
  const { journal, losses: [{ size }] } = shown.held
  await page.getByText(`缺第 ${journal + 1} 至 ${size} 笔`).first().waitFor()
  const sentence = `放弃第 ${journal + 1} 至 ${size} 笔账，继续使用`
  await page.getByText(sentence, { exact: true }).waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  assert.ok((await sideways(page)) <= 0)
  await page.screenshot({ path: join(screenshots, 'held-1280.png'), fullPage: true })
  const wide = await visit({ width: 1920, height: 1080 })
  await wide.goto(base)
  await wide.getByText(sentence, { exact: true }).waitFor()
  await wide.screenshot({ path: join(screenshots, 'held-1920.png') })
  const english = await visit({ english: true })
  await english.goto(base)
  await english.getByText(`give up entries ${journal + 1} to ${size} and go on`, { exact: true }).waitFor()
  assert.ok(!/[一-鿿]/.test((await english.locator('main').innerText()).replace(/金匮|中文|王芳|李强|张敏|检查点/g, '')))
  await english.screenshot({ path: join(screenshots, 'held-english-1280.png'), fullPage: true })
  const narrow = await visit({ width: 400, height: 800 })
  await narrow.goto(base)
  await narrow.getByText(sentence, { exact: true }).waitFor()
  assert.ok((await sideways(narrow)) <= 0)

  // Without the sentence, or with another, nothing counts.
  const agree = '提交份额，同意继续使用'
  await enter(shares[0])
  await press(page, agree)
  await page.getByRole('alert').getByText('请先输入确认语。').waitFor()
  const named = page.getByLabel('照抄确认语')
  assert.ok(await named.evaluate((field) => field === document.activeElement))
  await page.keyboard.type('继续使用')
  await press(page, agree)
  await page.getByRole('alert').getByText('确认语与所缺内容不符').waitFor()
  await named.fill(sentence)
  await page.keyboard.press('Enter')
  await page.getByText('第 1 份（王芳）已收下。已输入 1 份，还需 1 份。').waitFor()
  assert.equal(await named.inputValue(), '', 'each holder types it')
  await page.locator('.holders li', { hasText: '王芳' }).getByText('已输入').waitFor()
  await named.fill(sentence)
  await enter(shares[2])
  await press(page, agree)
  await page.waitForURL('**/sign-in', { timeout: 60_000 })

  // It is an entry, before anything else was done.
  await signIn(page, base, 'auditor', password)
  await page.goto(`${base}/journal`)
  await page.getByText('账本被退回后继续使用').locator('visible=true').first().waitFor()
  assert.deepEqual(troubles, [])
  await server.stop()
})

test('what is due of backups and drills waits for the system administrator, and is calm once it is done', async () => {
  const data = join(directory, 'kept')
  const key = join(directory, 'kept.key')
  const place = join(directory, '备份')
  const told = await run(['init', '--data', data, '--key-file', key])
  const password = (account) => new RegExp(`${account} +(\\S+)`).exec(told)[1]
  server = await start(['serve', '--data', data, '--key-file', key])
  let page = await visit()
  await signIn(page, server.base, 'system', password('system'))
  await page.getByText('还没有备份').click()
  await page.waitForURL('**/backups')
  await page.getByTestId('backup').getByText('从未备份').waitFor()
  await page.getByTestId('backup').getByText('jingui backup --data').waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'backups-none-1280.png') })
  await server.stop()

  server = await start(['serve', '--data', data, '--key-file', key, '--backup', place])
  page = await visit()
  await signIn(page, server.base, 'system', password('system'))
  await page.getByRole('link', { name: '备份', exact: true }).click()
  await page.getByRole('cell', { name: place, exact: true }).first().waitFor()
  await run(['restore', place, '--drill', '--data', data, '--key-file', key])
  const drill = page.getByTestId('drill')
  await page.getByRole('cell', { name: '恢复演练' }).waitFor({ timeout: 60_000 })
  await drill.getByText('正常').waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  assert.ok((await sideways(page)) <= 0)
  await page.screenshot({ path: join(screenshots, 'backups-1280.png') })
  await page.setViewportSize({ width: 1920, height: 1080 })
  await page.screenshot({ path: join(screenshots, 'backups-1920.png') })
  await page.getByRole('link', { name: '工作台', exact: true }).click()
  await page.getByText('没有等您办理的事项。').waitFor()
  const auditor = await visit({ english: true })
  await auditor.goto(`${server.base}/sign-in`)
  await auditor.getByLabel('Account').fill('auditor')
  await auditor.getByLabel('Password').fill(password('auditor'))
  await press(auditor, 'Sign in')
  await auditor.waitForURL('**/workbench')
  await auditor.goto(`${server.base}/backups`)
  await auditor.getByRole('cell', { name: 'Restore drill' }).waitFor()
  assert.equal(await auditor.getByText('jingui restore').count(), 0, 'commands are for whoever runs them')
  assert.deepEqual(troubles, [])
})
