// 启封: offices whose key is split among holders, or closed by a passphrase, opened in a browser.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { axe, launch, press, run, screenshots, settled, start } from './office.mjs'

const PASSPHRASE = '金匮石室 万年永藏 2026'
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

/** An office of three key holders; answers its data directory, the four lines of each sheet, and the auditor's first password. */
async function office(name) {
  const data = join(directory, name)
  const sheets = join(directory, `${name}-sheets`)
  const told = await run(['init', '--data', data, '--holders', '王芳,李强,张敏', '--needed', '2', '--sheets', sheets])
  const shares = []
  for (const number of [1, 2, 3]) shares.push((await readFile(join(sheets, `份额-${number}.txt`), 'utf8')).trim().split('\n'))
  return { data, shares, password: /auditor +(\S+)/.exec(told)[1] }
}

async function visit({ width = 1280, height = 720, english = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: english ? 'en-GB' : 'zh-CN', permissions: ['clipboard-read', 'clipboard-write'] })
  if (english) await context.addInitScript(() => localStorage.setItem('language', 'en'))
  const page = await context.newPage()
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to|\[Vue warn\]/.test(message.text())) troubles.push(message.text())
  })
  page.setDefaultTimeout(15_000)
  return page
}

/** Pastes as a person does. */
async function paste(page, text) {
  await page.evaluate((words) => navigator.clipboard.writeText(words), text)
  await page.keyboard.press('Control+v')
}

async function signIn(page, account, password) {
  await page.getByLabel('账户').fill(account)
  await page.getByLabel('口令').fill(password)
  await press(page, '登录')
}

const line = (page, number) => page.getByLabel(`第 ${number} 行`, { exact: true })
const held = (page) => Promise.all([1, 2, 3, 4].map((number) => line(page, number).inputValue()))
const holder = (page, name) => page.locator('.holders li', { hasText: name })
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

test('any two of three key holders open the office, wherever they sit', async () => {
  const { data, shares, password } = await office('office')
  const other = await office('other')
  server = await start(['serve', '--data', data])
  const { base } = server
  assert.deepEqual(await (await fetch(`${base}/api/health`)).json(), { status: 'sealed' })

  // Whatever is asked for, there is only the door: no navigation, nobody signed in.
  const page = await visit()
  for (const path of ['/', '/sign-in', '/items?q=a', '/unseal']) {
    await page.goto(base + path)
    await page.waitForURL(`${base}/unseal`)
  }
  await page.getByText('任意 2 份，共 3 份').waitFor()
  const { set } = await (await fetch(`${base}/api/seal`)).json()
  await page.getByText(set, { exact: true }).waitFor()
  assert.equal(await page.locator('header, nav').count(), 0)
  for (const name of ['王芳', '李强', '张敏']) await holder(page, name).getByText('待输入').waitFor()
  for (const number of [1, 2, 3, 4]) {
    assert.equal(await line(page, number).getAttribute('type'), 'password')
    assert.equal(await line(page, number).getAttribute('autocomplete'), 'one-time-code')
  }
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'unseal-1280.png') })

  const elsewhere = await visit({ width: 1920, height: 1080 })
  await elsewhere.goto(base)
  await elsewhere.waitForURL('**/unseal')
  await settled(elsewhere)
  await elsewhere.screenshot({ path: join(screenshots, 'unseal-1920.png') })

  const narrow = await visit({ width: 400, height: 800 })
  const english = await visit({ english: true })
  for (const [one, words, name] of [[narrow, '任意 2 份，共 3 份', 'narrow-400'], [english, 'any 2 of 3 shares', 'english-1280']]) {
    await one.goto(base)
    await one.getByText(words).waitFor()
    assert.ok((await sideways(one)) <= 0, `${name} scrolls sideways`)
    assert.deepEqual(await axe(one), [], name)
    await one.screenshot({ path: join(screenshots, `unseal-${name}.png`), fullPage: true })
    if (one === english) assert.ok(!/[一-鿿]/.test((await one.locator('main').innerText()).replace(/金匮|中文|王芳|李强|张敏/g, '')))
    await one.context().close()
  }

  // By keyboard alone: lower case, a full line leads to the next, Enter on a share that isn't whole to what is missing.
  const mistyped = [...shares[0]]
  mistyped[2] = (mistyped[2].startsWith('A') ? 'B' : 'A') + mistyped[2].slice(1)
  await page.keyboard.type(mistyped[0].toLowerCase(), { delay: 40 })
  await page.keyboard.press('Enter')
  await page.getByText('每行 18 个字符，这一行现有 0 个。').waitFor()
  assert.ok(await line(page, 2).evaluate((field) => field === document.activeElement))
  for (const text of mistyped.slice(1)) await page.keyboard.type(text.toLowerCase(), { delay: 40 })
  assert.deepEqual(await held(page), mistyped.map((text) => text.replaceAll(' ', '')))
  await page.keyboard.press('Enter')

  // The mistyped line is named and marked, the others stay: only that one is typed again.
  await page.getByText('第 3 行有误').waitFor()
  for (const number of [1, 2, 3, 4]) assert.equal(await line(page, number).getAttribute('aria-invalid'), String(number === 3))
  assert.ok(await line(page, 3).evaluate((field) => field === document.activeElement))
  await page.getByText('显示输入内容').click()
  assert.equal(await line(page, 3).inputValue(), mistyped[2])
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'unseal-mistyped-1280.png') })
  await line(page, 3).click()
  await page.keyboard.press('Home')
  await page.keyboard.press('Delete')
  await page.keyboard.type(shares[0][2][0])
  assert.equal(await line(page, 3).inputValue(), shares[0][2])
  assert.ok(await line(page, 3).evaluate((field) => field.selectionStart === 1), 'the cursor stays where one corrects')
  await page.keyboard.press('Enter')
  await page.getByText('第 1 份（王芳）已收下。已输入 1 份，还需 1 份。').waitFor()
  assert.deepEqual(await held(page), ['', '', '', ''])
  assert.equal(await line(page, 1).getAttribute('type'), 'password')
  await holder(elsewhere, '王芳').getByText('已输入').waitFor()
  await elsewhere.getByText('已输入 1 份，还需 1 份。').waitFor()

  // Not this office's, no share at all, the same again: each refused by name, and wiped.
  for (const [text, words] of [
    [other.shares[1].join('\n'), '这份份额属于别的单位'],
    ['A'.repeat(72), '这不是一份密钥份额'],
    [shares[0].join('\r\n'), '第 1 份（王芳）：这份份额已经输入过'],
  ]) {
    await line(page, 1).focus()
    await paste(page, text)
    await page.getByRole('alert').getByText(words).waitFor()
    assert.deepEqual(await held(page), ['', '', '', ''])
    if (words.includes('别的单位')) {
      await page.getByText(`应为 ${set}`).waitFor()
      await page.screenshot({ path: join(screenshots, 'unseal-refused-1280.png') })
    }
  }
  await paste(page, '这不是份额，只是随手粘贴进来的一段比较长的文字')
  await page.getByText('粘贴的不是一份完整的份额').waitFor()

  // The second holder scans the code at another place, the cursor anywhere.
  await elsewhere.locator('h1').click()
  await elsewhere.keyboard.type(shares[2].join('').replaceAll(' ', ''))
  await elsewhere.keyboard.press('Enter')
  await elsewhere.getByRole('heading', { name: '正在开启' }).waitFor()
  await elsewhere.screenshot({ path: join(screenshots, 'unseal-opening-1920.png') })
  for (const one of [elsewhere, page]) {
    await one.waitForURL('**/sign-in', { timeout: 60_000 })
    await one.getByLabel('账户').waitFor()
  }
  assert.deepEqual(await (await fetch(`${base}/api/health`)).json(), { status: 'ok' })

  // An office that is open has no door.
  await elsewhere.goto(`${base}/unseal`)
  await elsewhere.waitForURL('**/sign-in')
  await signIn(page, 'auditor', password)
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  await page.goto(`${base}/journal`)
  await settled(page)

  // Sealed again under somebody who works: the next thing asked for leads to the door, and nothing of the page stays.
  await server.stop()
  server = await start(['serve', '--data', data], new URL(base).host)
  await page.getByRole('link', { name: '工作台', exact: true }).click()
  await page.waitForURL('**/unseal')
  await page.getByText('任意 2 份，共 3 份').waitFor()
  assert.equal(await page.locator('header, nav, .el-dialog:visible').count(), 0)
  await server.stop()
  assert.deepEqual(troubles, [])
})

test('an office closed by a passphrase is opened with it', async () => {
  const data = join(directory, 'passphrase')
  await run(['init', '--data', data], { JINGUI_PASSPHRASE: PASSPHRASE })
  server = await start(['serve', '--data', data])
  const page = await visit()
  await page.goto(server.base)
  await page.waitForURL('**/unseal')
  const field = page.getByLabel('启封口令')
  await field.waitFor()
  assert.equal(await page.locator('.holders').count(), 0)
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'unseal-passphrase-1280.png') })
  await page.keyboard.type('not the passphrase')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('口令不正确').waitFor()
  assert.equal(await field.inputValue(), '')
  await field.fill(PASSPHRASE)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/sign-in', { timeout: 60_000 })
  await page.getByLabel('账户').waitFor()
  assert.deepEqual(troubles, [])
})
