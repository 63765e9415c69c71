// 密钥: rotated and split anew by two people in their browsers, while the office is served.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { axe, choose, confirm, launch, PASSWORD, press, run, screenshots, settled, start } from './office.mjs'

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

/** A client without a browser, for what only prepares. */
async function client(base, account, password) {
  const headers = { 'content-type': 'application/json', origin: base }
  const answer = await fetch(`${base}/api/sign-in`, { method: 'POST', headers, body: JSON.stringify({ account, password }) })
  assert.equal(answer.status, 200, await answer.clone().text())
  const cookie = answer.headers.get('set-cookie').split(';')[0]
  return async (action, input) => {
    const done = await fetch(`${base}/api/actions/${action}`, { method: 'POST', headers: { ...headers, cookie }, body: JSON.stringify(input) })
    assert.equal(done.status, 200, `${action}: ${await done.clone().text()}`)
    return (await done.json()).outcome
  }
}

async function as(base, account, { width = 1280, height = 720, english = false, password = PASSWORD } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: english ? 'en-GB' : 'zh-CN' })
  if (english) await context.addInitScript(() => localStorage.setItem('language', 'en'))
  const page = await context.newPage()
  page.on('pageerror', (error) => troubles.push(`${account}: ${error}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to|\[Vue warn\]/.test(message.text())) troubles.push(message.text())
  })
  page.setDefaultTimeout(15_000)
  await page.goto(`${base}/sign-in`)
  await page.getByLabel(english ? 'Account' : '账户').fill(account)
  await page.getByLabel(english ? 'Password' : '口令').fill(password)
  await page.getByRole('button', { name: english ? 'Sign in' : '登录', exact: true }).click()
  await page.waitForURL('**/workbench')
  return page
}

async function shot(page, name) {
  await settled(page)
  assert.deepEqual(await axe(page), [], name)
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
}

/** Goes to the keys from the task on the workbench. */
async function fromTask(page, task) {
  await page.goto(page.url().replace(/[^/]*$/, 'workbench'))
  await page.locator('li', { hasText: task }).getByRole('button', { name: '去办理' }).click()
  await page.waitForURL('**/keys')
}

test('two people rotate the keys and give the office to other holders', async () => {
  const data = join(directory, 'office')
  const sheets = join(directory, 'sheets')
  const told = await run(['init', '--data', data, '--holders', '王芳,李强', '--needed', '2', '--sheets', sheets])
  const security = /security +(\S+)/.exec(told)[1]
  const old = [1, 2].flatMap((number) => ['--share', join(sheets, `份额-${number}.txt`)])
  server = await start(['serve', '--data', data, ...old])
  const { base } = server
  const act = await client(base, 'security', security)
  const auditor = await client(base, 'auditor', /auditor +(\S+)/.exec(told)[1])
  for (const [number, account, name, roles] of [['0001', 'zhoumin', '周敏', ['registrar']], ['0005', 'lilei', '李雷', ['staff']], ['0003', 'sunli', '孙立', ['office_head']]]) {
    const person = await act('person.add', { staff_number: number, name })
    const proposal = await act('rights.propose', { person: person.id, rights: { department: null, roles, class: null, clearance: 0 }, reason: '上岗' })
    // There is no office head yet.
    await auditor('rights.confirm', { proposal: proposal.id })
    await act('account.open', { person: person.id, account, password: PASSWORD })
  }

  // Proposed by one.
  const admin = await as(base, 'security', { password: security })
  await admin.getByRole('link', { name: '密钥', exact: true }).click()
  await admin.getByText('2 份份额，任意 2 份可启封').waitFor()
  await admin.getByText('王芳、李强').waitFor()
  await shot(admin, 'keys-security-1280')
  await admin.getByLabel('更换密钥的理由').fill('年度更换')
  await press(admin, '提交提议')
  await admin.getByText('同一时间只办理一项变更').waitFor()
  assert.equal(await admin.getByRole('button', { name: '批准…' }).count(), 0, 'nobody decides on the own proposal')

  // Decided by another: at once, without a restart.
  const head = await as(base, 'sunli', { width: 1920, height: 1080 })
  await fromTask(head, '密钥变更待批')
  await shot(head, 'keys-decide-1920')
  await press(head, '批准…')
  await head.getByText('已有账目不改写').waitFor()
  await confirm(head, '批准')
  await head.getByText('账目第 1 期、文件第 1 期').waitFor()
  await admin.getByText('账目第 1 期、文件第 1 期').waitFor()

  // Other holders.
  await choose(admin, '新的持有人', '周敏')
  await choose(admin, '新的持有人', '李雷')
  await admin.keyboard.press('Escape')
  await admin.getByLabel('更换持有人的理由').fill('王芳、李强调离')
  await press(admin, '提交提议…')
  await confirm(admin, '提议')
  await head.getByText('更换持有人：周敏、李雷，任意 2 份可启封').first().waitFor()
  await press(head, '批准…')
  await confirm(head, '批准')
  await head.getByText('已确认 0 人，共 2 人').waitFor()

  const shares = {}
  for (const account of ['zhoumin', 'lilei']) {
    const page = await as(base, account)
    await fromTask(page, '密钥份额待领取')
    await page.getByText('共 2 份，任意 2 份可启封').waitFor()
    if (account === 'zhoumin') await shot(page, 'keys-collect-1280')
    await press(page, '领取本人的份额…')
    await confirm(page, '领取')
    await page.locator('.sheet ol li').nth(3).waitFor()
    shares[account] = await page.locator('.sheet code').allInnerTexts()
    assert.equal(shares[account].length, 4)
    if (account === 'zhoumin') {
      await shot(page, 'keys-sheet-1280')
      await page.emulateMedia({ media: 'print' })
      await page.screenshot({ path: join(screenshots, 'keys-sheet-print.png'), fullPage: true })
      await page.emulateMedia({ media: 'screen' })
    }
    await press(page, '已在纸上，收起…')
    await confirm(page, '已在纸上，收起')
    // A typo is named by its line, another's share isn't taken.
    const lines = [...shares[account]]
    lines[2] = (lines[2].startsWith('A') ? 'B' : 'A') + lines[2].slice(1)
    const field = page.getByLabel('份额纸上的四行')
    await field.fill(lines.join('\n'))
    await press(page, '确认份额')
    await page.getByText('第 3 行输入有误').waitFor()
    if (account === 'zhoumin') await shot(page, 'keys-mistyped-1280')
    else {
      await field.fill(shares.zhoumin.join('\n'))
      await press(page, '确认份额')
      await page.getByText('这是另一位持有人的份额').waitFor()
    }
    await field.fill(shares[account].join('\n').toLowerCase())
    await press(page, '确认份额')
    if (account === 'zhoumin') {
      await page.getByText('已确认，等其他持有人').waitFor()
      await head.getByText('已确认 1 人，共 2 人').waitFor()
      await shot(head, 'keys-collecting-1920')
      // Gone from the screen for good.
      await page.reload()
      await page.getByText('已确认，等其他持有人').waitFor()
      assert.ok(!(await page.content()).includes(shares[account][0]))
    }
  }
  await head.getByText('周敏、李雷', { exact: true }).waitFor()
  await shot(head, 'keys-after-1920')
  const english = await as(base, 'sunli', { english: true })
  await english.goto(`${base}/keys`)
  await english.getByText('2 shares, any 2 of which open').waitFor()
  await shot(english, 'keys-english-1280')
  const words = (await english.locator('main').innerText()).replace(/孙立|周敏|李雷|王芳|李强|安全保密管理员|年度更换|、|调离/g, '')
  assert.ok(!/[一-鿿]/.test(words), words)

  // After a restart the new shares open, an old one isn't taken.
  await server.stop()
  server = await start(['serve', '--data', data])
  const door = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  await door.goto(server.base)
  await door.waitForURL('**/unseal')
  const give = async (lines) => {
    for (const [at, line] of lines.entries()) await door.getByLabel(`第 ${at + 1} 行`, { exact: true }).fill(line)
    await press(door, '提交份额')
  }
  await give((await readFile(join(sheets, '份额-1.txt'), 'utf8')).trim().split('\n'))
  await door.getByText('这份份额已经作废').waitFor()
  await give(shares.zhoumin)
  await door.getByText('还需 1 份').first().waitFor()
  await give(shares.lilei)
  await door.waitForURL('**/sign-in', { timeout: 30_000 })
  assert.deepEqual(troubles, [])
})
